from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_deputies_for_documents'),
    ]

    operations = [
        migrations.AlterField(
            model_name='securityentry',
            name='event',
            field=models.CharField(choices=[('sign_in', 'signed in'), ('sign_in_failed', 'wrong password or code'), ('locked', 'locked out'), ('sign_out', 'signed out'), ('unlocked', 'unlocked'), ('session_ended', 'session ended'), ('password_changed', 'password changed'), ('reset_asked', 'password link sent'), ('password_reset', 'password chosen by link'), ('link_made', 'password link handed out'), ('factor_added', 'second factor added'), ('factor_removed', 'second factor removed'), ('token_made', 'API token made'), ('token_revoked', 'API token revoked'), ('codes_made', 'recovery codes made'), ('factors_reset', 'second factors reset'), ('roles_changed', 'roles changed'), ('role_changed', 'rights of a role changed'), ('person_added', 'account opened'), ('person_changed', 'account changed'), ('left', 'account closed'), ('returned', 'account opened again'), ('exported', 'evidence pack taken out'), ('segregation_changed', 'segregation of duties changed')], max_length=20, verbose_name='event'),
        ),
    ]

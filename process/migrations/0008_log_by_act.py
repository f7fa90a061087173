from django.db import migrations, models


class Migration(migrations.Migration):
    """Not made concurrently: `restore` migrates inside its one transaction."""

    dependencies = [("process", "0007_segregation_of_duties")]

    operations = [
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(
                fields=["action", "object_id", "user", "id"],
                condition=models.Q(("user__isnull", False)),
                name="log_by_act",
            ),
        ),
    ]

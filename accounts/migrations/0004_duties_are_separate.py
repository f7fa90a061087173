"""The three administrators get their duty; the database keeps it apart from every other role."""

from django.db import migrations, models

DUTIES = {"sysadmin": "system", "secadmin": "security", "auditor": "audit"}

GUARD = """
CREATE FUNCTION ltc_guard_duties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM accounts_user_roles held
        JOIN accounts_role role ON role.id = held.role_id
        WHERE held.user_id = NEW.user_id AND role.duty <> ''
    ) AND (SELECT count(*) FROM accounts_user_roles WHERE user_id = NEW.user_id) > 1 THEN
        RAISE EXCEPTION 'an administrator holds no other role' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER duties_are_separate AFTER INSERT OR UPDATE ON accounts_user_roles
    FOR EACH ROW EXECUTE FUNCTION ltc_guard_duties();
"""
UNGUARD = "DROP TRIGGER duties_are_separate ON accounts_user_roles; DROP FUNCTION ltc_guard_duties();"


def give_duties(apps, schema_editor):
    Role = apps.get_model("accounts", "Role")
    for code, duty in DUTIES.items():
        role = Role.objects.filter(code=code).first()
        if role is None:
            continue
        role.duty, role.requires_second_factor = duty, True
        if duty != "audit":
            role.rights = []
        role.save()
    # Sessions begun before were not listed anywhere, so nobody could end them: everybody signs in once more.
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_three_administrators"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(give_duties, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='role',
            constraint=models.UniqueConstraint(condition=models.Q(('duty', ''), _negated=True), fields=('duty',), name='one_role_per_duty'),
        ),
        migrations.AddConstraint(
            model_name='role',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('duty__in', ['system', 'security']), _negated=True), ('rights', []), _connector='OR'), name='keepers_see_nothing'),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]

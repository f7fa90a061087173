from django.db import migrations, models


class Migration(migrations.Migration):
    """Not made concurrently, though seats are written all day: `restore` migrates inside its one transaction."""

    dependencies = [("process", "0004_saved_views")]

    operations = [
        migrations.AddIndex(
            model_name="seat",
            index=models.Index(
                fields=["user", "case"], condition=models.Q(("during__upper_inf", True)), name="seat_held_by_user"
            ),
        ),
    ]

from typing import Any

from django.db import migrations


def fill(apps: Any, schema_editor: Any) -> None:
    """Versions published before kept their steps in columns only: write them as content too."""
    Version = apps.get_model("process", "ProcessVersion")
    Step = apps.get_model("process", "StepDefinition")
    for version in Version.objects.filter(content=[]):
        content = []
        for step in Step.objects.filter(version=version).order_by("position"):
            names = ("code", "stage", "zh", "en", "accountable", "consulted", "verbs", "starts_on", "who", "clock")
            step.content = {name: getattr(step, name) for name in names}
            if step.sla_hours is not None:
                step.content["sla_hours"] = float(step.sla_hours)
            step.save(update_fields=["content"])
            content.append(step.content)
        version.content = version.delivered = content
        version.save(update_fields=["content", "delivered"])


class Migration(migrations.Migration):
    dependencies = [("process", "0002_catalogue_as_versioned_data")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

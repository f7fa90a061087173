from django.apps import AppConfig


class LtcConfig(AppConfig):
    name = "ltc"
    verbose_name = "Lead to Cash"

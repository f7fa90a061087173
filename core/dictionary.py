"""Dictionaries: words an administrator may add to, in two languages, referred to by real foreign keys."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Labelled(models.Model):
    """A row of configuration with a stable code and a name in both languages."""

    zh = models.CharField(_("Chinese name"), max_length=120)
    en = models.CharField(_("English name"), max_length=120)
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.en if (get_language() or "zh").startswith("en") else self.zh


def word_of(item: Mapping[str, Any]) -> str:
    """The name in the reader's language of something that has `zh` and `en`, as the files of defaults do."""
    english = (get_language() or "zh").startswith("en")
    return str(item.get("en" if english else "zh") or item.get("en") or "")


class Term(Labelled):
    """One word of one dictionary, for instance a lead source or a reason for losing a deal."""

    dictionary = models.CharField(_("dictionary"), max_length=40)
    code = models.SlugField(_("code"), max_length=60)

    class Meta:
        app_label = "core"
        verbose_name = _("dictionary word")
        verbose_name_plural = _("dictionary words")
        ordering = ["dictionary", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["dictionary", "code"], name="core_term_once")]


def TermField(dictionary: str, label: Any, *, required: bool = False, **kwargs: Any) -> models.ForeignKey:
    """A reference to one word of `dictionary`; a word in use cannot be deleted, only made inactive."""
    return models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        verbose_name=label,
        related_name="+",
        limit_choices_to={"dictionary": dictionary, "is_active": True},
        null=not required,
        blank=not required,
        **kwargs,
    )

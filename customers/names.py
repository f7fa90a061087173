"""Comparing company names, phone numbers and mail addresses: what makes two entries the same company."""

import re

from core.text import name_key

# Words of legal form and trade that differ while the company is the same.
_FORMS = (
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限公司",
    "股份公司",
    "集团",
    "公司",
    "co.,ltd.",
    "co.,ltd",
    "limited",
    "company",
    "ltd.",
    "ltd",
    "inc.",
    "inc",
)
_BRACKETS = re.compile(r"[()（）]")
_TAX_ID = re.compile(r"^[0-9A-Z]{15,20}$")
# Mail boxes anybody can have say nothing about the company.
PUBLIC_MAIL = frozenset(
    (
        *("163.com", "126.com", "yeah.net", "qq.com", "foxmail.com", "sina.com", "sina.cn", "sohu.com", "139.com"),
        *("189.cn", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "yahoo.com"),
    )
)
_SHORTEST_CORE = 2
_MOBILE_DIGITS = 11


def key_of(name: str) -> str:
    """The comparable form of a company name."""
    return name_key(name)


def core_of(name: str) -> str:
    """The name without brackets and legal form: 华讯(北京)有限公司 and 华讯北京公司 are alike."""
    key = _BRACKETS.sub("", name_key(name))
    core = key
    for form in _FORMS:
        core = core.removesuffix(form)
    core = core.strip(",. ")
    return core if len(core) >= _SHORTEST_CORE else key


def phone_key(phone: str) -> str:
    """Digits of a phone number without country code; empty when too few to mean anything."""
    digits = re.sub(r"\D", "", phone or "")
    digits = digits[-_MOBILE_DIGITS:] if digits.startswith(("86", "0086")) else digits
    return digits if len(digits) >= 7 else ""


def mail_domain(email: str) -> str:
    """The company's own mail domain; empty for a public mail box."""
    domain = (email or "").rpartition("@")[2].casefold()
    return "" if domain in PUBLIC_MAIL else domain


def tidy_tax_id(tax_id: str) -> str:
    """A tax id as it is stored."""
    return re.sub(r"[\s-]", "", tax_id or "").upper()


def is_tax_id(tax_id: str) -> bool:
    """Whether this has the form of a 统一社会信用代码 (or an older tax number)."""
    return bool(_TAX_ID.match(tax_id))

"""Small histories for the tests: files and mappings as other systems leave them."""

from pathlib import Path
from typing import Any

import yaml

from accounts.models import User
from billing.models import Receipt
from contracts.models import Contract
from customers.models import Customer
from exchange.mapping import read_mapping
from exchange.models import ImportedRow
from exchange.services.history import Tally, import_history
from leads.models import Lead
from process.models import Case, LogEntry
from projects.models import Project

# One file of a Chinese system: GB18030, semicolons, day.month.year, amounts with tax in CNY, no party files.
CHINESE: dict[str, Any] = {
    "source": "old-crm",
    "encoding": "gb18030",
    "delimiter": ";",
    "date_format": "%d.%m.%Y",
    "currency": "CNY",
    "tax": {"basis": "gross", "code": "6"},
    "department": "sales",
    "files": {
        "deals": {
            "path": "商机.csv",
            "columns": {
                "key": "编号",
                "owner": "客户经理",
                "customer": "客户",
                "product": "产品",
                "title": "商机名称",
                "stage": "阶段",
                "opened_on": "开始日期",
                "closed_on": "结束日期",
                "amount": "含税金额",
            },
        }
    },
    "aliases": {"customer": {"北京华讯公司": "华讯(北京)有限公司"}},
    "stages": {"线索": "lead", "跟进": "guidance", "赢单": "won", "丢单": "lost"},
}
HEAD = ["编号", "客户经理", "客户", "产品", "商机名称", "阶段", "开始日期", "结束日期", "含税金额"]
ROWS = [
    ["A-1", "王芳", "华讯(北京)有限公司", "平台", "一期平台", "赢单", "05.01.2023", "17.03.2023", "106000.00"],
    ["A-2", "陈磊", "北京华讯公司", "服务", "", "赢单", "05.01.2023", "17.04.2023", "1,060.00"],
    ["A-3", "王芳", "", "平台", "某园区意向", "线索", "", "", ""],
    ["A-4", "王芳", "南方制造厂", "平台", "产线升级", "跟进", "01.06.2023", "", ""],
    ["A-5", "陈磊", "南方制造厂", "", "旧厂改造", "丢单", "01.02.2023", "28.02.2023", "0"],
]


def write(folder: Path, rows: list[list[str]] = ROWS, *, head: list[str] = HEAD, encoding: str = "gb18030") -> Path:
    """The file of a Chinese system."""
    folder.mkdir(exist_ok=True)
    lines = [";".join(row) for row in (head, *rows)]
    (folder / "商机.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return folder


def write_mapping(folder: Path, **changes: Any) -> Path:
    """Its mapping file; a key given as None is left out."""
    content = {key: value for key, value in {**CHINESE, **changes}.items() if value is not None}
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def take_in(folder: Path, **changes: Any) -> Tally:
    """One run of the import; rejected rows go to rejected.csv beside the file."""
    return import_history(read_mapping(write_mapping(folder, **changes), folder), folder / "rejected.csv")


def everything() -> dict[str, int]:
    """How many rows of each kind there are, to see that nothing was added."""
    models = (User, Customer, Lead, Project, Contract, Receipt, Case, LogEntry, ImportedRow)
    return {model.__name__: model._default_manager.count() for model in models}

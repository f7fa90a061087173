"""Bank exports as the banks' online banking writes them: .csv, .xls, .xlsx and camt.053."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
import xlwt
from django.core.files.uploadedfile import SimpleUploadedFile

ICBC = [
    "凭证号",
    "本方账号",
    "对方账号",
    "交易时间",
    "借/贷",
    "借方发生额",
    "贷方发生额",
    "摘要",
    "用途",
    "对方单位名称",
    "余额",
]


def icbc_row(
    reference: str, day: str, amount: Any, name: str, summary: str = "货款", *, out: bool = False, balance: Any = ""
) -> list[Any]:
    """A line of the Industrial and Commercial Bank's export."""
    debit, credit = (amount, "") if out else ("", amount)
    return [reference, "6222000", "6217001", day, "借" if out else "贷", debit, credit, summary, "", name, balance]


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)


def csv_file(
    rows: Iterable[Sequence[Any]],
    *,
    header: Sequence[str] = ICBC,
    above: Iterable[Sequence[Any]] = (),
    encoding: str = "gb18030",
    name: str = "流水.csv",
) -> SimpleUploadedFile:
    """Text with commas."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in [*above, header, *rows]:
        writer.writerow(row)
    return upload(name, out.getvalue().encode(encoding))


def xls_file(
    rows: Iterable[Sequence[Any]], *, header: Sequence[str] = ICBC, name: str = "流水.xls"
) -> SimpleUploadedFile:
    """An old workbook."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("流水")
    for at, row in enumerate([header, *rows]):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    out = io.BytesIO()
    book.save(out)
    return upload(name, out.getvalue())


def xlsx_file(
    rows: Iterable[Sequence[Any]], *, header: Sequence[str] = ICBC, name: str = "流水.xlsx"
) -> SimpleUploadedFile:
    """A workbook."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("流水")
    for at, row in enumerate([header, *rows]):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    book.close()
    return upload(name, out.getvalue())


def camt_entry(reference: str, day: str, amount: str, name: str, text: str = "payment", *, out: bool = False) -> str:
    """One entry of a camt.053."""
    side, sign = ("Cdtr", "DBIT") if out else ("Dbtr", "CRDT")
    return f"""<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls>
<RltdPties><{side}><Pty><Nm>{name}</Nm></Pty></{side}><{side}Acct><Id><Othr><Id>99887766</Id></Othr></Id></{side}Acct>
</RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def camt_file(
    entries: Iterable[str],
    *,
    opening: str = "100.00",
    closing: str,
    account: str = "1",
    name: str = "camt.xml",
    closed_on: str = "",
) -> SimpleUploadedFile:
    """An account statement of ISO 20022."""
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{closed_on}</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>1</Id>
<Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>{balances}{"".join(entries)}</Stmt></BkToCstmrStmt></Document>"""
    return upload(name, text.encode())

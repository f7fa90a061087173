from decimal import Decimal as D
import pytest, os
from django.conf import settings
from accounts.actor import Actor
from finance.services import ledger, voucher, period
from tests.factories.finance import *
from tests.factories.purchasing import make_order, approve_order, make_bill, post_bill, order_line
from purchasing.services import order as orders
from tests.people import make_user
@pytest.mark.django_db(transaction=True)
def test_look(live_server, page, context, sales, solution, delivery, pfc, finance, director):
    from django.test import Client
    S=Actor.system("x")
    book = make_book(sales, seats={"sr": solution, "fr": delivery, "pfc": pfc, "director": director}, title="华北医院数据中心集成项目")
    ex=[line("material.hardware", 565000, tax_rate=rate("13"), deductible=True, text="服务器"), line("subcontract.service", 51500, tax_rate=rate("3"), deductible=True, text="安装分包"), line("management.entertainment", 10600, tax_rate=rate("6"), text="招待"), {"category": category("labour.implementation"), "days": D(40), "net_day_amount": D(2000), "text":"实施"}]
    e=approve_sheet(make_sheet(book, delivery, lines=ex, revenue=900000), by=delivery, decider=pfc)
    b=make_budget(book, by=delivery, decider=pfc, lines=ex, revenue=900000)
    solution.grade="P6"; solution.save()
    v=make_voucher(book, solution, kind="time", days=D("20"), category=category("labour.implementation"))
    voucher.submit(v, by=solution); voucher.approve(v, by=delivery)
    v=make_voucher(book, delivery, gross_amount=D(12000), category=category("management.entertainment")); voucher.submit(v, by=delivery); voucher.approve(v, by=pfc)
    o=approve_order(make_order(book, delivery, lines=[order_line(quantity=100, price=2260)]), by=delivery, decider=pfc)
    orders.receive(o, by=delivery, lines=[{"line": o.lines.get(), "quantity": D(40)}])
    bl=post_bill(make_bill(o, finance), by=finance, decider=pfc, finance=finance)
    draft=make_sheet(book, delivery, lines=ex, revenue=900000)
    lang=os.environ.get("LOOK_LANG","zh-hans"); delivery.language=lang; delivery.save()
    c=Client(); c.force_login(delivery)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": c.cookies[settings.SESSION_COOKIE_NAME].value, "url": live_server.url}])
    pages={"book": book.get_absolute_url(), "entries": f"/books/{book.pk}/entries/", "books":"/books/", "sheet": b.get_absolute_url(), "edit": draft.get_absolute_url()+"edit/", "order": o.get_absolute_url(), "bill": bl.get_absolute_url(), "vnew": f"/vouchers/new/?case={book.case_id}", "forecast": f"/books/{book.pk}/forecast/", "vouchers":"/vouchers/"}
    for w in (1440, 390):
        page.set_viewport_size({"width": w, "height": 900})
        for name, url in pages.items():
            page.goto(live_server.url+url); page.wait_for_load_state("networkidle")
            page.screenshot(path=f"/tmp/finset/{name}_{w}.png", full_page=True)

"""Everybody at work at the same time, and the demo company prepared for that."""

import threading

from redis.exceptions import RedisError

from ltc.faults.browser import Browser
from ltc.faults.clients import Client, Company, Ledger
from ltc.faults.demo import Demo

PEOPLE = ("leads", "ar", "ar2", "cashier")
BELL = 4.0  # seconds between two rings for due notices: each looks at every due lead


class Load:
    """Clients at work, and somebody who rings for due notices all the time, for the length of a block."""

    def __init__(self, demo: Demo, number: int, ledger: Ledger) -> None:
        self.demo, self.number, self.ledger = demo, number, ledger
        self.over = threading.Event()

    def __enter__(self) -> None:
        company = _company(self.demo)
        people = [self._people() for _ in range(self.number)]
        self.clients = [Client(number, one, company, self.ledger) for number, one in enumerate(people)]
        self.bell = threading.Thread(target=self._ring, daemon=True)
        for client in self.clients:
            client.start()
        self.bell.start()

    def __exit__(self, *error: object) -> None:
        self.over.set()
        for client in self.clients:
            client.stop()
        for client in self.clients:
            client.join(120)
        self.bell.join(30)

    def _people(self) -> dict[str, Browser]:
        found = {name: Browser(self.demo.port, name, "lead-to-cash-demo") for name in PEOPLE}
        for browser in found.values():
            browser.sign_in()
        return found

    def _ring(self) -> None:
        while not self.over.wait(BELL):
            try:
                with self.demo.redis() as redis:
                    if redis.llen("celery") < 2:  # a bell that nobody could hear yet needs no second one
                        self.demo.ring("leads.tasks.remind_leads")
            except (RedisError, OSError):
                continue
            except Exception as error:  # kombu wraps what Redis says
                if "OperationalError" not in type(error).__name__:
                    raise


def _company(demo: Demo) -> Company:
    """Ids the forms name; people get addresses and want mail; the limits of the pool must not end the load."""
    demo.sql(
        "UPDATE accounts_user SET email = username || '@example.com', mail_wish = 'all' WHERE username IN ('ar', 'ar2')"
    )
    demo.sql("""INSERT INTO leads_poolpolicy (holding_capacity, daily_picks, idle_days, long_idle_days, blocked_days,
        first_response_hours, qualify_score, single) VALUES (1000000, 1000000, 30, 60, 0, 8, 50, true)
        ON CONFLICT (single) DO UPDATE SET holding_capacity = 1000000, daily_picks = 1000000, blocked_days = 0""")

    def one(statement: str) -> int:
        return int(demo.sql(statement)[0][0])

    def term(dictionary: str, code: str) -> int:
        return one(f"SELECT id FROM core_term WHERE dictionary = '{dictionary}' AND code = '{code}'")

    day = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
    return Company(
        ar=one("SELECT id FROM accounts_user WHERE username = 'ar'"),
        ar2=one("SELECT id FROM accounts_user WHERE username = 'ar2'"),
        source=term("lead.source", "inquiry"),
        activity=one("SELECT id FROM core_term WHERE dictionary = 'activity' ORDER BY position LIMIT 1"),
        account=one("SELECT id FROM accounts_bankaccount LIMIT 1"),
        method=term("receipt_method", "transfer"),
        contract=one("""SELECT c.id FROM contracts_contract c JOIN process_seat s ON s.case_id = c.case_id
            AND s.role = 'ar' AND upper_inf(s.during) JOIN accounts_user u ON u.id = s.user_id
            WHERE u.username = 'ar' AND c.state IN ('effective', 'completed', 'signed', 'approved')
            AND c.currency = 'CNY' LIMIT 1"""),
        yesterday=str(demo.sql(f"SELECT {day} - 1")[0][0]),
        today=str(demo.sql(f"SELECT {day}")[0][0]),
    )

"""The people of the demo company, one for each job, and what they sign in with."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from accounts.models import BankAccount, Department, LegalEntity, Role, User

# The demo's only password. A real company makes its own people; the demo database never leaves this machine.
PASSWORD = "lead-to-cash-demo"


@dataclass(frozen=True)
class Person:
    """A sign-in: user name, name, department, roles, and the job as the sign-in list shows it."""

    username: str
    name: str
    department: str
    roles: tuple[str, ...]
    job: str
    grade: str = ""


PEOPLE = (
    Person("ar", "王芳", "sales_north", ("ar",), "客户经理 AR / account manager", "P5"),
    Person("ar2", "陈磊", "sales_south", ("ar",), "客户经理 AR / account manager", "P5"),
    Person("sr", "李明", "solution", ("sr",), "解决方案经理 SR / solution manager", "P6"),
    Person("fr", "赵强", "implementation", ("fr",), "交付经理 FR / delivery manager", "P6"),
    Person("fr2", "周敏", "integration", ("fr",), "交付经理 FR / delivery manager", "P6"),
    Person("director", "刘建国", "management", ("director", "decision_team"), "项目总监 / project director"),
    Person("gm", "孙丽华", "management", ("decision_team", "director"), "总经理 / general manager"),
    Person("leads", "吴静", "sales", ("lead_manager", "head"), "线索管理员 / lead manager"),
    Person("solution_head", "郑伟", "solution", ("sr", "head"), "方案部主管 / head of solutions", "P7"),
    Person("delivery_head", "冯军", "delivery", ("fr", "head", "pmo"), "交付部主管 / head of delivery", "P7"),
    Person("pfc", "何雪", "project_finance", ("pfc",), "项目财务 / project finance"),
    Person("finance", "林涛", "accounting", ("finance",), "财务 / finance"),
    Person("cashier", "徐洁", "treasury", ("cashier",), "出纳 / cashier"),
    Person("legal", "马超", "legal", ("legal",), "法务 / legal"),
    Person("seal", "胡玲", "legal", ("seal_keeper",), "印章管理员 / seal keeper"),
    Person("purchasing", "高峰", "purchasing", ("purchasing",), "采购 / purchasing"),
    Person("service", "罗琳", "service", ("service",), "售后经理 / service manager", "P5"),
    Person("engineer", "梁超", "implementation", ("engineer",), "工程师 / engineer", "P4"),
    Person("auditor", "谢敏", "audit", ("auditor",), "审计员 / audit administrator *"),
    Person("admin", "韩旭", "it", ("sysadmin",), "系统管理员 / system administrator *"),
    Person("security", "唐宁", "it", ("secadmin",), "安全管理员 / security administrator *"),
)
HEADS = {
    "management": "gm",
    "sales": "leads",
    "solution": "solution_head",
    "delivery": "delivery_head",
    "finance": "finance",
    "service": "service",
    "legal": "legal",
    "purchasing": "purchasing",
}


def make_people() -> dict[str, User]:
    """Create the demo people; returns them by user name. Harmless when repeated."""
    hashed = make_password(PASSWORD)
    departments = {department.code: department for department in Department.objects.all()}
    roles = {role.code: role for role in Role.objects.all()}
    people = {}
    for person in PEOPLE:
        user, created = User.objects.get_or_create(
            username=person.username,
            defaults={
                "name": person.name,
                "department": departments[person.department],
                "grade": person.grade,
                "password": hashed,
            },
        )
        if created:
            user.roles.set([roles[code] for code in person.roles])
        people[person.username] = user
    for code, username in HEADS.items():
        Department.objects.filter(code=code, head__isnull=True).update(head=people[username])
    return people


def make_entity() -> LegalEntity:
    """The demo's legal entity with a bank account."""
    entity = LegalEntity.objects.get(is_default=True)
    BankAccount.objects.get_or_create(
        number="0200001009014567890", defaults={"entity": entity, "bank": "中国工商银行北京海淀支行", "currency": "CNY"}
    )
    return entity


def sign_ins() -> str:
    """The sign-in list the demo prints."""
    width = max(len(person.username) for person in PEOPLE)
    lines = [f"  {person.username:<{width}}  {person.job}" for person in PEOPLE]
    note = "  * sets up a second factor at the first sign-in; the back room is /admin/"
    return "\n".join([*lines, f"  password of everyone: {PASSWORD}", note])

"""Who orders of a running desk what people have to vet, and the commands of those who do."""

from __future__ import annotations

from typing import Any

from tests.acceptance.connecting import World
from tests.running import Client, Keys

COMPANY = {
    "CompanyName": "Example Trading Ltd",
    "CompanyCountry": "CN",
    "CompanyProvince": "Guangdong",
    "CompanyCity": "Guangzhou",
    "CompanyAddress": "1 Sample Road",
    "CompanyPhone": "020-62345678",
}


class Office:
    """An account that orders, and the people of the desk who vet what it orders."""

    def __init__(self, world: World, keys: Keys | None = None) -> None:
        """Open the account, or take over one that there is."""
        self.world = world
        self.desk = world.desk
        self.keys = keys or self.desk.account()
        self.client: Client = self.desk.client(self.keys)

    def known(self, **company: object) -> dict[str, object]:
        """Enter a company with a manager; give the material that names them."""
        entered = self.desk.company(self.keys, **COMPANY | company)
        manager = self.desk.manager(self.keys, entered)
        return {"CompanyId": str(entered), "ManagerId": str(manager)}

    def order(self, product: int, name: str, **material: object) -> str:
        """Buy an order of a company, hand its material in, and submit it to the CA."""
        bought = self.client.buy(product)
        company = {"CompanyType": 2, "ContactEmail": None, "CertCommonName": name}
        self.client.submit(bought, **company | material)
        self.client.call("CertificateOrderSubmit", CertId=bought)
        return bought

    def stands(self, order: str) -> tuple[int, str | None]:
        """Give Status and StatusMsg, which detail and list tell alike."""
        detail = self.client.detail(order)
        listed = self.client.call("DescribeCertificates", CertIds=[order])["Certificates"][0]
        stands: tuple[int, str | None] = detail["Status"], detail["StatusMsg"]
        assert (listed["Status"], listed["StatusMsg"]) == stands
        return stands

    def waiting(self) -> list[str]:
        """Give what `certdesk review list` has of the account, in its order."""
        listed = self.desk.certdesk("review", "list", "--json")
        assert all(each["Id"].startswith(f"{each['Kind']}:") for each in listed)
        return [each["Id"] for each in listed if each["Uin"] == self.keys.uin]

    def review(self, verb: str, subject: str, *words: str, uid: int | None = None) -> Any:  # noqa: ANN401 -- any JSON
        """Type `certdesk review VERB ID`, as another user of the system where `uid` is given."""
        return self.desk.certdesk("review", verb, subject, *words, uid=uid)

    def refused(self, verb: str, subject: str, *words: str, uid: int | None = None) -> str:
        """Type a command that is refused; give what it says."""
        done = self.desk.run("review", verb, subject, *words, uid=uid)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def approve_all(self) -> None:
        """Approve what waits of the account, in the order of the list."""
        for subject in self.waiting():
            self.review("approve", subject)

"""Projects: groups of an account's orders, used in policies and lists."""

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import Project
from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import STAFF
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.operator.lookups import check_free, check_name, known_account, known_project
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, utc_time
from certdesk.wire.operator import users as asked


class ProjectReply(Reply):
    """The project's number."""

    project_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_project(context: Context, request: asked.AddProjectRequest) -> Commit[ProjectReply]:
    """Add a project to an account."""
    check_name(request.name)

    def commit(unit: Unit) -> ProjectReply:
        known_account(unit, request.uin)
        check_free(unit.projects, request.uin, request.name)
        project = unit.projects.add(
            Project(uin=request.uin, name=request.name, created_at=context.now)
        )
        context.record(unit, f"project:{project.project_id}", project.name, uin=project.uin)
        return ProjectReply(project_id=project.project_id)

    return commit


class ProjectInfo(Part):
    """A project as listed."""

    project_id: int
    name: str
    order_count: int
    create_time: str | None


class ListProjectsReply(Reply):
    """The projects of the account, without number 0, which every account has."""

    projects: list[ProjectInfo]


@catalog.action(internal=True, roles=STAFF)
def list_projects(
    context: Context, request: asked.ListProjectsRequest
) -> Commit[ListProjectsReply]:
    """List the projects of an account."""

    def read(unit: Unit) -> ListProjectsReply:
        known_account(unit, request.uin)
        return ListProjectsReply(
            projects=[
                ProjectInfo(
                    project_id=project.project_id,
                    name=project.name,
                    order_count=_orders_in(unit, project),
                    create_time=utc_time(project.created_at),
                )
                for project in unit.projects.where(uin=request.uin)
            ]
        )

    return read


@catalog.action(InvalidParam, writes=True, internal=True)
def rename_project(context: Context, request: asked.RenameProjectRequest) -> Commit[ProjectReply]:
    """Rename a project."""
    check_name(request.name)

    def commit(unit: Unit) -> ProjectReply:
        project = known_project(unit, request.project_id)
        if project.name != request.name:
            check_free(unit.projects, project.uin, request.name)
        unit.projects.replace(replace(project, name=request.name))
        context.record(unit, f"project:{project.project_id}", request.name, uin=project.uin)
        return ProjectReply(project_id=project.project_id)

    return commit


@catalog.action(InvalidParam, writes=True, internal=True)
def remove_project(context: Context, request: asked.RemoveProjectRequest) -> Commit[ProjectReply]:
    """Delete a project that has no orders; its number is never used again."""

    def commit(unit: Unit) -> ProjectReply:
        project = known_project(unit, request.project_id)
        orders = _orders_in(unit, project)
        if orders:
            raise InvalidParam(f"The project has {orders} orders. Move them first.")
        unit.projects.remove(project.project_id)
        context.record(unit, f"project:{project.project_id}", "removed", uin=project.uin)
        return ProjectReply(project_id=project.project_id)

    return commit


def _orders_in(unit: Unit, project: Project) -> int:
    return unit.orders.count(uin=project.uin, project_id=project.project_id)

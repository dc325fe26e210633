"""What IAM principals may do, asked in as few simulations as possible, and how a refusal is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hpctl.catalog.iam_actions import ActionSet
from hpctl.checks.declare import Path
from hpctl.checks.fixes import allow_role
from hpctl.checks.walk import all_groups
from hpctl.errors import UnavailableError
from hpctl.facts.records import Identity, Verdict
from hpctl.facts.world import World
from hpctl.report.action import Action
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group


@dataclass(frozen=True)
class RoleUse:
    """An execution role, the groups whose nodes assume it, and the place that names it first."""

    arn: str
    path: Path
    groups: tuple[Group, ...]

    @property
    def name(self) -> str:
        """The role's name, without its path."""
        return role_name(self.arn)

    @property
    def subject(self) -> str:
        """What findings are about."""
        return f"role/{self.name}"

    @property
    def group_names(self) -> str:
        """Evidence: who is affected."""
        return f"instance groups: {', '.join(group.name for group in self.groups)}"


def role_name(arn: str) -> str:
    """Return the name in a role's ARN."""
    return arn.rpartition("/")[2]


def execution_roles(spec: ClusterSpec) -> Iterator[RoleUse]:
    """Yield every execution role once, in the order of the file."""
    users: defaultdict[str, list[tuple[Path, Group]]] = defaultdict(list)
    for path, group in all_groups(spec):
        users[group.execution_role].append((path, group))
    for arn, found in users.items():
        yield RoleUse(arn, (*found[0][0], "execution_role"), tuple(group for _path, group in found))


def places_of(spec: ClusterSpec, identity: Identity) -> dict[str, str]:
    """Return what the ARNs of every action set are filled with."""
    eks = spec.orchestrator.eks if spec.orchestrator else None
    arn = eks.arn(account=identity.account, region=identity.region) if eks else None
    return {
        "partition": identity.arn.split(":")[1],
        "region": identity.region,
        "account": identity.account,
        "cluster": spec.name,
        "eks_cluster": arn or "*",
        "eks_name": eks.cluster_name if eks else "*",
    }


def told(
    world: World, principal_arn: str, wanted: ActionSet, together: Iterable[ActionSet] = ()
) -> tuple[Verdict, ...]:
    """Return the verdicts on the actions of `wanted`; what is in `together` is asked in the same calls."""
    questions = _questions((wanted, *together))
    found: list[Verdict] = []
    for statement in wanted.statements:
        verdicts = world.verdicts(principal_arn, questions[statement.asked], (statement.asked,))
        by_action = {verdict.action: verdict for verdict in verdicts}
        if silent := [action for action in statement.actions if action not in by_action]:
            raise UnavailableError(f"IAM's policy simulation says nothing of `{silent[0]}`")
        found.extend(by_action[action] for action in statement.actions)
    return tuple(found)


def refusals(
    world: World, principal_arn: str, wanted: ActionSet, together: Iterable[ActionSet] = ()
) -> tuple[Verdict, ...]:
    """Return the verdicts that refuse an action of `wanted`; what is in `together` is asked in the same calls.

    Raises `UnavailableError` where a refusal hangs on conditions that the simulation could not know.
    """
    refused = [verdict for verdict in told(world, principal_arn, wanted, together) if not verdict.allowed]
    firm = tuple(verdict for verdict in refused if not verdict.missing_context)
    if refused and not firm:
        first = refused[0]
        keys = ", ".join(f"`{key}`" for key in first.missing_context)
        raise UnavailableError(f"whether `{first.action}` is allowed depends on {keys}, which a simulation cannot know")
    return firm


def denial(refused: Iterable[Verdict]) -> tuple[str, ...]:
    """Return the evidence of refusals: the actions, by who refuses them."""
    by_word: defaultdict[str, list[str]] = defaultdict(list)
    for verdict in refused:
        by_word[_word(verdict)].append(verdict.action)
    return tuple(f"{word}: {', '.join(actions)}" for word, actions in by_word.items())


def grant(principal_arn: str, refused: Iterable[Verdict], wanted: ActionSet) -> str:
    """Return what allows the set: a command with the whole policy, or who has to take a denial back."""
    rows = tuple(refused)
    if any(verdict.by_organization for verdict in rows):
        return "ask the administrator of your AWS organization: a service control policy denies it"
    if any(verdict.decision == "explicitDeny" for verdict in rows):
        return "take the explicit Deny out of the policies and the permissions boundary of this principal"
    kind, name = _kind_and_name(principal_arn)
    if any(verdict.by_boundary for verdict in rows):
        look = f"aws iam get-{kind} --{kind}-name {name} --query {kind.title()}.PermissionsBoundary"
        return f"allow these actions in the permissions boundary, which no other policy can widen\n{look}"
    if name.startswith("AWSReservedSSO_"):
        return f"add to the permission set in IAM Identity Center: {wanted.document()}"
    policy = f"--policy-name {wanted.policy} --policy-document '{wanted.document()}'"
    return f"aws iam put-{kind}-policy --{kind}-name {name} {policy}"


def allowing(principal_arn: str, refused: Iterable[Verdict], wanted: ActionSet) -> tuple[Action, ...]:
    """Return what gives an execution role the set: nothing where somebody denies it, or a role is not its account's."""
    kind, name = _kind_and_name(principal_arn)
    denied = any(one.by_organization or one.by_boundary or one.decision == "explicitDeny" for one in refused)
    if denied or kind != "role" or name.startswith("AWS"):
        return ()
    return (allow_role(name, wanted.policy, wanted.document()),)


def _kind_and_name(principal_arn: str) -> tuple[str, str]:
    kind, _, path = principal_arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        return "role", path.partition("/")[0]
    return kind, path.rpartition("/")[2]


def _questions(sets: Iterable[ActionSet]) -> Mapping[str, tuple[str, ...]]:
    """Return all actions by the resource they are asked about, sorted: the same question is asked once."""
    actions: defaultdict[str, set[str]] = defaultdict(set)
    for one in sets:
        for statement in one.statements:
            actions[statement.asked].update(statement.actions)
    return {asked: tuple(sorted(found)) for asked, found in actions.items()}


def _word(verdict: Verdict) -> str:
    if verdict.by_organization:
        return "denied by a service control policy"
    if verdict.decision == "explicitDeny":
        return "denied explicitly"
    return "beyond the permissions boundary" if verdict.by_boundary else "not allowed"

"""IAM operations that the sandbox adds to moto's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse as MotoIamResponse

from hpctl.sandbox.clock import moment
from hpctl.sandbox.iam.managed import provide
from hpctl.sandbox.iam.principals import principal
from hpctl.sandbox.policies import Answer, Context, Question

# IAM's default and largest page of simulation results (IAM API reference).
_PAGE, _MOST = 100, 1000
_HYPERPOD = "hyperpod.sagemaker.amazonaws.com"
# AWS material spells it so, and also without `Amazon`.
SERVICE_LINKED_ROLE = "AWSServiceRoleForAmazonSageMakerHyperPod"
_PRINCIPALS = ("user/", "group/", "role/")


class IamError(ServiceException):
    """An IAM refusal."""


class IamResponse(MotoIamResponse):
    """moto's IAM with policy simulation; roles may attach the AWS managed policies that clusters need."""

    def call_action(self) -> Any:
        """Have the managed policies there before somebody attaches one."""
        provide(self.backend)
        return super().call_action()

    def create_role(self) -> ActionResult:
        """CreateRole: a role is as old as its request, also when that is answered anew after a restart."""
        return _dated(super().create_role())

    def create_service_linked_role(self) -> ActionResult:
        """CreateServiceLinkedRole: HyperPod's role has a name that does not follow from the service's."""
        service = self.params["AWSServiceName"]
        if service != _HYPERPOD:
            return _dated(super().create_service_linked_role())
        allow = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": "sts:AssumeRole"}
        role = self.backend.create_role(
            role_name=SERVICE_LINKED_ROLE,
            assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            path=f"/aws-service-role/{service}/",
            permissions_boundary=None,
            description=self.params.get("Description", ""),
            tags=[],
            max_session_duration="3600",
            linked_service=service,
        )
        return _dated(ActionResult({"Role": role}))

    def simulate_principal_policy(self) -> ActionResult:
        """SimulatePrincipalPolicy: a result for each action on each resource."""
        source = self.params["PolicySourceArn"]
        if not source.rpartition(":")[2].startswith(_PRINCIPALS) or ":iam::" not in source:
            raise IamError(
                "InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name."
            )
        found = principal(self.backend, source)
        results = [_result(question, found.answer(question)) for question in self._questions()]
        start = int(self.params.get("Marker") or 0)
        end = start + min(int(self.params.get("MaxItems") or _PAGE), _MOST)
        more = end < len(results)
        return ActionResult(
            {"EvaluationResults": results[start:end], "IsTruncated": more, "Marker": str(end) if more else None}
        )

    def _questions(self) -> Iterator[Question]:
        context: Context = {
            entry["ContextKeyName"].lower(): tuple(entry["ContextKeyValues"])
            for entry in self.params.get("ContextEntries", [])
        }
        for action in self.params["ActionNames"]:
            for resource in self.params.get("ResourceArns") or ["*"]:
                yield Question(action, resource, context)


def _dated(answer: ActionResult) -> ActionResult:
    told: Any = answer.result
    # moto's dates are in UTC, without a zone.
    told["Role"].create_date = moment().at.replace(tzinfo=None)
    return answer


def _result(question: Question, answer: Answer) -> dict[str, Any]:
    boundary = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": answer.bounded}}
    return {
        "EvalActionName": question.action,
        "EvalResourceName": question.resource,
        "EvalDecision": answer.decision,
        "MatchedStatements": [],
        "MissingContextValues": list(answer.missing),
        **({} if answer.bounded is None else boundary),
    }

"""All tables, handed on under one name."""

from app.models.audit import AuditEvent
from app.models.base import Base
from app.models.checklist import Checklist, ChecklistGroup, ChecklistItem, ItemComment, Stream, Waiver
from app.models.delegation import Delegation, DelegationAnswer
from app.models.duty import CalendarFeed, Duty, DutyOmission, DutyRecord, DutySchedule, DutyStrike, DutyTurn
from app.models.evidence import Evidence, EvidenceConfirmation
from app.models.gate import (
    BackupRecord,
    Gate,
    GatePolicy,
    Rehearsal,
    RollbackPlan,
    SignedContent,
    Signoff,
    SignoffEnd,
)
from app.models.mail import Escalation, Mail
from app.models.module import Environment, Module, ModuleAnswer, ModuleContact, Target
from app.models.override import (
    Override,
    OverrideConfirmation,
    OverrideEnding,
    OverrideObstacle,
    OverrideReview,
    OverrideTelling,
    OverrideUse,
)
from app.models.person import IdempotencyKey, OneTimeLink, Person, PersonName, RateCounter, RoleGrant, Session
from app.models.policy import PolicyAdoption, PolicyAgreement, PolicyAgreementEnd, PolicyWithdrawal
from app.models.release import Change, Release, ReleaseModule
from app.models.template import (
    DraftGroup,
    DraftItem,
    Template,
    TemplateDraft,
    TemplateGroup,
    TemplateImport,
    TemplateItem,
    TemplateVersion,
)

__all__ = [
    "AuditEvent",
    "BackupRecord",
    "Base",
    "CalendarFeed",
    "Change",
    "Checklist",
    "ChecklistGroup",
    "ChecklistItem",
    "Delegation",
    "DelegationAnswer",
    "DraftGroup",
    "DraftItem",
    "Duty",
    "DutyOmission",
    "DutyRecord",
    "DutySchedule",
    "DutyStrike",
    "DutyTurn",
    "Environment",
    "Escalation",
    "Evidence",
    "EvidenceConfirmation",
    "Gate",
    "GatePolicy",
    "IdempotencyKey",
    "ItemComment",
    "Mail",
    "Module",
    "ModuleAnswer",
    "ModuleContact",
    "OneTimeLink",
    "Override",
    "OverrideConfirmation",
    "OverrideEnding",
    "OverrideObstacle",
    "OverrideReview",
    "OverrideTelling",
    "OverrideUse",
    "Person",
    "PersonName",
    "PolicyAdoption",
    "PolicyAgreement",
    "PolicyAgreementEnd",
    "PolicyWithdrawal",
    "RateCounter",
    "Rehearsal",
    "Release",
    "ReleaseModule",
    "RoleGrant",
    "RollbackPlan",
    "Session",
    "SignedContent",
    "Signoff",
    "SignoffEnd",
    "Stream",
    "Target",
    "Template",
    "TemplateDraft",
    "TemplateGroup",
    "TemplateImport",
    "TemplateItem",
    "TemplateVersion",
    "Waiver",
]

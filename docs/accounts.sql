-- The two accounts of a production database.
--
-- countersign_owner  makes and migrates the schema; only `flask --app wsgi prepare` uses it.
-- countersign_app    what the web server and the worker use. It can add to the history and never change it: the grants
--                    are made table by table, because a right on the whole database cannot be taken back for one table.
--
-- Replace both passwords, and '%' by the host that the product runs on. Run part 1 as an administrator of the server,
-- then `prepare` with DATABASE_URL naming the owner, then part 2, again as an administrator. After an upgrade that adds
-- a table, run part 2 again.

-- 1. Before the first start

CREATE DATABASE IF NOT EXISTS countersign CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE USER IF NOT EXISTS countersign_owner@'%' IDENTIFIED BY 'a-long-password';
CREATE USER IF NOT EXISTS countersign_app@'%' IDENTIFIED BY 'another-long-password';
-- MySQL with a binary log wants SET GLOBAL log_bin_trust_function_creators = 1 for the triggers that guard the history.
GRANT ALL PRIVILEGES ON countersign.* TO countersign_owner@'%';

-- 2. When `prepare` has made the tables

-- The history, and what is only ever added.
GRANT SELECT, INSERT ON countersign.audit_events TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.item_comments TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.evidence_confirmations TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.gate_policies TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.policy_agreements TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.policy_agreement_ends TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.policy_withdrawals TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.policy_adoptions TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.signed_contents TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.signoffs TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.signoff_ends TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.delegations TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.delegation_answers TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.rollback_plans TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.rehearsals TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.backup_records TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.overrides TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_confirmations TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_obstacles TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_tellings TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_endings TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_uses TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.override_reviews TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.rollback_steps TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.escalations TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.figures TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.figure_strikes TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.escalation_steps TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.similar_looks TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.duty_schedules TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.duty_records TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.duty_strikes TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.duty_turns TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.duty_omissions TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.changes TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.deployment_steps TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.deployment_step_ticks TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.deployment_windows TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.window_notices TO countersign_app@'%';

-- What changes and is never deleted.
GRANT SELECT, INSERT, UPDATE ON countersign.deployments TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.environments TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.freezes TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.rollbacks TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.rollback_pauses TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.incidents TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.gates TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.checklists TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.checklist_groups TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.templates TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.streams TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.checklist_items TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.waivers TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.modules TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.targets TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.releases TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.release_modules TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.people TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.person_names TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.role_grants TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.one_time_links TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.duties TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE ON countersign.calendar_feeds TO countersign_app@'%';

-- Evidence is added and withdrawn: what it says and which file it names cannot be changed.
GRANT SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by_id, withdrawn_reason) ON countersign.evidence TO countersign_app@'%';

-- What serves for a while, and contacts, which a module may lose.
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.template_drafts TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.draft_groups TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.draft_items TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.template_imports TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.mails TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.module_contacts TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.module_answers TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.sessions TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.rate_counters TO countersign_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON countersign.idempotency_keys TO countersign_app@'%';

-- What is published, and never changed afterwards.
GRANT SELECT, INSERT ON countersign.template_versions TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.template_groups TO countersign_app@'%';
GRANT SELECT, INSERT ON countersign.template_items TO countersign_app@'%';

-- What the owner alone changes.
GRANT SELECT ON countersign.alembic_version TO countersign_app@'%';

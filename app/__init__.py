"""The factory: the only place that knows everyone."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli
from app.blueprints.audit import routes as audit
from app.blueprints.auth import routes as auth
from app.blueprints.checklists import exporting as checklist_exports
from app.blueprints.checklists import routes as checklists
from app.blueprints.comparison import routes as release_comparison
from app.blueprints.delegations import routes as delegations
from app.blueprints.deployments import environments, freezes
from app.blueprints.deployments import planning as deployment_plans
from app.blueprints.deployments import routes as deployments
from app.blueprints.deployments import running as deployment_runs
from app.blueprints.drafts import content as draft_content
from app.blueprints.drafts import routes as drafts
from app.blueprints.evidence import routes as evidence
from app.blueprints.gates import records as gate_records
from app.blueprints.gates import routes as gates
from app.blueprints.gates import signing as gate_signing
from app.blueprints.health import routes as health
from app.blueprints.home import routes as home
from app.blueprints.imports import routes as imports
from app.blueprints.incidents import escalating as incident_steps
from app.blueprints.incidents import routes as incidents
from app.blueprints.incidents import working as incident_work
from app.blueprints.items import routes as items
from app.blueprints.mail import routes as mail
from app.blueprints.me import routes as me
from app.blueprints.metrics import figures
from app.blueprints.metrics import routes as metrics
from app.blueprints.modules import answers as module_answers
from app.blueprints.modules import routes as modules
from app.blueprints.overrides import routes as overrides
from app.blueprints.people import routes as people
from app.blueprints.policies import proposing as policy_proposals
from app.blueprints.policies import routes as policies
from app.blueprints.profile import routes as profile
from app.blueprints.releases import changing as release_changes
from app.blueprints.releases import routes as releases
from app.blueprints.rollbacks import paper as rollback_paper
from app.blueprints.rollbacks import routes as rollbacks
from app.blueprints.rollbacks import steps as rollback_steps
from app.blueprints.rules import routes as rules
from app.blueprints.schedule import changing as duties
from app.blueprints.schedule import feeds
from app.blueprints.schedule import routes as schedule
from app.blueprints.setup import routes as setup
from app.blueprints.signoffs import routes as signoffs
from app.blueprints.templates import adopting as adoption
from app.blueprints.templates import applicability as template_rules
from app.blueprints.templates import exporting as template_exports
from app.blueprints.templates import history as template_history
from app.blueprints.templates import routes as templates
from app.blueprints.waivers import routes as waivers
from app.database import bind_engine, db, engine_options
from app.extensions import mailing
from app.web import access, assets, errors, filters, logs, security, slots
from app.web import people as signed_in
from config import Settings, SettingsError, load_settings, make_data, secret_of

ROOT = Path(__file__).resolve().parent.parent
PRODUCT_VERSION = "0.1.0"

BLUEPRINTS = (
    *(home, setup, auth, profile, people, mail, health),
    *(modules, module_answers, releases, release_changes, checklists, items, evidence, waivers, signoffs, me, audit),
    *(gates, gate_signing, gate_records, delegations, policies, policy_proposals, overrides, rules),
    *(templates, template_history, adoption, template_rules, imports, drafts, draft_content),
    *(rollbacks, rollback_steps, rollback_paper),
    *(checklist_exports, template_exports),
    *(deployments, deployment_plans, deployment_runs, freezes, environments),
    *(metrics, figures, release_comparison),
    *(incidents, incident_work, incident_steps),
    *(schedule, duties, feeds),
)


def create_app(settings: Settings | None = None, *, may_migrate: bool = True) -> Flask:
    """Make the application. A setting that cannot be used ends the process with its sentence.

    The worker never changes the schema, and does without what that needs in memory.
    """
    config = _usable_config(settings)
    settings = config["SETTINGS"]
    app = Flask(__name__, root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(config)
    logs.init_app(app)
    db.init_app(app)
    with app.app_context():
        bind_engine(db.engine)
    # What a page sends is looked at in this order: is it from our own page, who is it, may they, is the token right.
    security.init_app(app)
    slots.init_app(app)
    signed_in.init_app(app)
    access.init_app(app)
    security.init_tokens(app)
    mailing.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    assets.init_app(app)
    cli.init_app(app)
    if may_migrate:
        cli.bind_migrations(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint.bp)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # the documented way
    return app


def _usable_config(settings: Settings | None) -> dict[str, Any]:
    try:
        return flask_config(settings or load_settings())
    except SettingsError as error:
        sys.exit(f"Countersign cannot start.\n{error}")


def flask_config(settings: Settings) -> dict[str, Any]:
    """The settings as Flask and its extensions name them."""
    secure = settings.is_https
    make_data(settings)
    return {
        "SETTINGS": settings,
        "TESTING": settings.environment == "test",
        "PRODUCT_VERSION": PRODUCT_VERSION,
        "SECRET_KEY": secret_of(settings),
        "SQLALCHEMY_DATABASE_URI": settings.engine_url(),
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(
            is_sqlite=settings.is_sqlite,
            pool=settings.database_pool,
            ssl_ca=str(settings.database_ssl_ca) if settings.database_ssl_ca else None,
        ),
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 512 * 1024,
        "MAX_FORM_PARTS": 2000,
        "SESSION_IDLE_MINUTES": settings.session_idle_minutes,
        "SESSION_HOURS": settings.session_hours,
        "SESSION_COOKIE_NAME": "__Host-countersign" if secure else "countersign",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        # A session ends at a fixed hour, and so does its cookie: there is nothing to send again with every answer.
        "SESSION_REFRESH_EACH_REQUEST": False,
        # The token lives as long as its session; where it came from is checked by our own guard, not by the referrer.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }


def trusted_hosts(settings: Settings) -> list[str]:
    """The names under which browsers may ask for us; anything else is a forged Host."""
    named = [host.strip() for host in settings.hosts.split(",") if host.strip()]
    public = urlsplit(settings.url).hostname if settings.url else None
    local = ["localhost", "127.0.0.1", "::1", settings.host] if settings.environment != "production" else []
    return list(dict.fromkeys([*named, *([public] if public else []), *local, "127.0.0.1"]))

"""The same work by a lean Flask: no rules, no history to be believed, no retry; what the framework and the rows cost.

A page has one statement for the person, one for the rows and one flat template. A checklist has the person, a token, an
INSERT … SELECT, a row that says who did it, and a commit.
"""

import os

from flask import Flask, redirect, render_template_string, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy import create_engine

from bench.copying import COPY, EVENT

app = Flask(__name__)
# Given from outside: a session that one worker has signed must be good at the other.
app.config.update(SECRET_KEY=os.environ["REFERENCE_KEY"], WTF_CSRF_TIME_LIMIT=None)
CSRFProtect(app)
engine = create_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
ROWS = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body><nav>{{ name }}</nav><table>
{% for i in items %}<tr id="i{{ i.id }}" class="s-{{ i.state }}"><td>{{ i.position }}</td><td>{{ i.text }}</td>
<td>{{ i.guidance }}</td><td><form method="post" action="/tick/{{ i.id }}"><input type="hidden" name="revision"
 value="{{ i.revision }}"><button name="state" value="done">{{ i.state }}</button></form></td>
<td>{{ i.changed_by_id or '' }}</td></tr>
{% endfor %}</table></body></html>"""


@app.get("/readyz")
def ready() -> str:
    """It can answer."""
    return "ready"


@app.get("/<int:checklist>/")
def show(checklist: int) -> str:
    """All boxes of a checklist."""
    with engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT name FROM people WHERE id = %s", (int(request.args["p"]),)).scalar()
        items = connection.exec_driver_sql(
            "SELECT id, position, text, guidance, state, revision, changed_by_id FROM checklist_items"
            " WHERE checklist_id = %s ORDER BY position",
            (checklist,),
        ).all()
        return render_template_string(ROWS, items=items, name=name, title="Everything")


@app.get("/sign-in/<int:person>/")
def sign_in(person: int) -> str:
    """Remember the person; gives the token that a form would have."""
    session["person"] = person
    return generate_csrf()


@app.post("/<int:checklist>/<int:group>/")
def make(checklist: int, group: int) -> ResponseReturnValue:
    """Copy the boxes of a module into a checklist that is there already."""
    with engine.connect() as connection:
        person = connection.exec_driver_sql("SELECT id FROM people WHERE id = %s", (session["person"],)).scalar_one()
        connection.exec_driver_sql(COPY, (checklist, group))
        connection.exec_driver_sql(EVENT, (person, checklist))
        connection.commit()
    return redirect("/")

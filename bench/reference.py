"""A lean page of the same number of rows: Flask, one statement for the person, one for the rows, one flat template."""

import os

from flask import Flask, render_template_string, request
from sqlalchemy import create_engine

app = Flask(__name__)
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

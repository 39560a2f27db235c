"""Metrics in a browser."""

from tests.factories import Make


def test_a(make: Make, client_of):
    release = make.release()
    c = client_of(release.lead)
    for url in (
        "/metrics/",
        "/metrics/?window=365d",
        "/metrics/deploy-success/",
        "/metrics/uptime/?from=2026-01-01",
        "/metrics/figures/",
        "/metrics/figures/new/",
        f"/releases/{release.key}/compare/",
        f"/releases/{release.key}/compare/{release.key}/",
        "/metrics/?from=2027-01-01&to=2026-01-01",
        "/metrics/uptime/export/",
    ):
        a = c.get(url)
        print(url, a.status_code, len(a.text))
    assert 0

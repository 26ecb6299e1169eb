"""The access matrix: each e-mail address with the accesses asked for and their state. For support only."""

from bot.messages.blocks import Drawing, drawing, fit, header, long_sections
from bot.messages.texts import Texts, date_token, typed
from flows.model import Snapshot


def matrix(snapshot: Snapshot, texts: Texts) -> Drawing:
    lines = []
    by_email: dict[str, list[str]] = {}
    for grant in snapshot.grants:
        words = f"{texts(f'resource.{grant.resource}')}: {texts(f'grant.{grant.state}')}"
        if grant.role:
            words += f" · {texts(f'choice.role.{grant.role}')}"
        if grant.expires_at:
            words += f" ({texts('matrix.expires')} {date_token(grant.expires_at)})"
        if grant.reference:
            words += f" ({typed(grant.reference)})"
        by_email.setdefault(grant.email, []).append(words)
    for email, cells in by_email.items():
        lines.append(f"*{typed(email)}*\n" + "\n".join(f"    {cell}" for cell in cells))
    title = texts("matrix.title", customer=snapshot.onboarding.customer)
    shown = [header(title), *long_sections("\n".join(lines) or texts("matrix.empty"))]
    return drawing(fit(shown, more=texts("review.more")))

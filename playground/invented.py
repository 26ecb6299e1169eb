"""Names of customers that there are not: many begin alike, and some are the same."""

from random import Random

FIRST = ("Acme", "Banco", "Nova", "Blue", "Caixa", "Fintech", "Horizonte", "Prime", "São João", "União", "Coop", "Zênite")
SECOND = ("Bank", "Crédito", "Pagamentos", "Cards", "Capital", "do Sul", "Digital", "Money", "O’Neill", "Finanças")
THIRD = ("", "", "", "Argentina", "Brasil", "México", "Chile", "& Co", "S.A.", "Holding")


def invented_name(chance: Random) -> str:
    return " ".join(word for word in (chance.choice(FIRST), chance.choice(SECOND), chance.choice(THIRD)) if word)

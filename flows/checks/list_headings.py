"""What stands in a list and is no entry of it: the names of its columns, titles, and the lines around a forwarded message.

In English, Portuguese and Spanish, as `flows.checks.people_columns.folded` has them.
"""

import re
from collections.abc import Iterator, Sequence

from flows.checks.email_roles import ROLES
from flows.checks.list_texts import cells, separator_of
from flows.checks.people_columns import folded

_NAME_WORDS = """
name, nome, nombre, full name, nome completo, nombre completo, first name, last name, surname, given name, sobrenome,
apellido, apellidos, nombre y apellido, nombres, user, usuario, user name, person, pessoa, persona, display name, nome
de exibicao, nombre para mostrar, cn, sn, displayname, givenname, employee, colaborador, colaboradora, funcionario, empleado
"""
_EMAIL_WORDS = """
email, e mail, mail, emails, e mails, mails, email address, e mail address, email addresses, e mail addresses,
endereco de e mail, endereco de email, enderecos de e mail, enderecos de email, endereco eletronico, correio, correio
eletronico, correo, correos, correo electronico, correos electronicos, direccion de correo, direcciones de correo,
direccion de correo electronico, email corporativo, e mail corporativo, correo corporativo, correo institucional, work
email, business email, primary email, user email, user principal name, userprincipalname, upn
"""
_OTHER_WORDS = """
role, roles, rol, papel, papeis, perfil, perfis, perfiles, profile, funcao, funcoes, funcion, cargo, puesto, title,
job title, position, department, departamento, area, setor, sector, team, equipe, equipo, company, empresa,
organization, organizacao, organizacion, phone, telefone, telefono, celular, mobile, environment, environments,
ambiente, ambientes, entorno, entornos, language, idioma, access, acesso, acceso, status, estado, notes, note,
observacao, observacoes, observaciones, obs, comments, comentarios, site, website, city, cidade, ciudad, country,
pais, id, no, n, item, cpf, documento, matricula, manager, gestor, gestora, gerente, date, data, fecha, start date,
dn, objectclass, samaccountname, uid, location, local, unidade, permissions, permissoes, permisos, group, grupo, groups, grupos
"""


def listed(words: str) -> tuple[str, ...]:
    """Words that are written with commas between them."""
    return tuple(word.strip() for word in words.replace("\n", " ").split(","))


NAME_HEADINGS, EMAIL_HEADINGS = listed(_NAME_WORDS), listed(_EMAIL_WORDS)
_COLUMNS = frozenset((*NAME_HEADINGS, *EMAIL_HEADINGS, *listed(_OTHER_WORDS)))
_TITLES = """
users user usuarios usuario usuarias people persons pessoas personas team equipe equipo members membros miembros participants
participantes attendees asistentes colaboradores funcionarios empleados names nomes nombres list lista listas listado email emails mail
mails correo correos addresses enderecos direcciones contacts contatos contactos access accesses acesso acessos acceso accesos request
solicitacao solicitud control center service desk portal status page test teste prueba pruebas production producao produccion
environment environments ambiente ambientes entorno entornos homologacao sandbox admins administrators administradores operators
operadores approvers aprovadores aprobadores viewers leitores e y and or ou o os as a la las el los de da do das dos del para for of the
with com con em en in our nossos nossas nuestros nuestras new novos novas nuevos pismo bank banco others outros outras otros otras demais
demas original message mensagem mensaje forwarded encaminhada reenviado begin
"""
TITLE_WORDS = frozenset(_TITLES.split())
_WORK_WORDS = """
admin analyst analista assistant assistente asistente auditor auditora bank banco ceo cfo chief cio ciso coo coordinator coordenador
coordenadora coordinador coordinadora consultant consultor consultora cto developer desenvolvedor desenvolvedora desarrollador
desarrolladora director diretor diretora directora engineer engenheiro engenheira ingeniero ingeniera especialista specialist estagiario
gerente gestor gestora head inc intern jefe jefa lead lider ltda manager officer operador operadora president presidente programador
programadora responsable responsavel sa senior supervisor supervisora tecnico tecnica viewer vp
"""
_WORK = frozenset(_WORK_WORDS.split())
"""In the name of a job or a company."""
_LONGEST, _LONGEST_NAME = 60, 5
"""Characters of a column's name or a title; words of a column's name."""
_ABOUT_A_MESSAGE = re.compile(
    r"(?:subject|assunto|asunto|date|data|fecha|sent|enviad[oa](?: em| el| on)?|importance|import[aâ]ncia|attachments?|anexos?"
    r"|adjuntos?)\s?:",
    re.IGNORECASE,
)
_TECHNICAL = re.compile(
    r"(?:message-id|in-reply-to|references|content-[a-z-]{1,30}|mime-version|received|return-path|dkim-signature|x-[a-z-]{1,40})\s?:",
    re.IGNORECASE,
)
_TO = re.compile(r"(?:to|from|cc|bcc|cco|reply-to|para|de|responder a)\s?:\s*", re.IGNORECASE)
_RULED = re.compile(r"(?:[-_=~#]{3,}.{0,200}?[-_=~#]{3,}|#{1,6}\s.{0,200})\Z")
"""A title between rules, as above a forwarded message, or marked as Markdown has it."""


def is_heading(line: str) -> bool:
    """Of a line without an address: whether it names columns, is a title, or belongs to a forwarded message, judging by its words."""
    if _ABOUT_A_MESSAGE.match(line) or is_technical(line):
        return True
    if len(line) > 20 * _LONGEST:
        return False
    names = [folded(cell) for cell in cells(line, separator_of(line)) if folded(cell)]
    if any(len(name) > _LONGEST for name in names):
        return False
    if _names_addresses(names) or all(name in _COLUMNS for name in names):
        return True
    return all(word in TITLE_WORDS for name in names for word in name.split())


def is_marked(line: str) -> bool:
    """Whether its signs make it a title, whatever its words: also those of a person's name."""
    return line.rstrip(" \t\"'*_|").endswith(":") or _RULED.match(line) is not None


def has_title_word(line: str) -> bool:
    """Whether it has a longer word of titles, as ``Acme users`` has. Some people are called so, as Larry Page is."""
    return any(len(word) > 3 and word in TITLE_WORDS for word in folded(line[: 2 * _LONGEST]).split())


def is_technical(line: str) -> bool:
    """A line of a forwarded message's head for programs alone: what looks like an address there is an id."""
    return _TECHNICAL.match(line) is not None


def label_of(line: str) -> str:
    """The column that a line names before its value, as in ``Name: Ana``; empty if it names none."""
    label, colon, value = line[: 2 * _LONGEST].partition(":")
    name = folded(label) if colon and value.strip() else ""
    return name if name in _COLUMNS else ""


def by_label(text: str) -> Iterator[tuple[str, str]]:
    """A text at the labels in it, as in ``Name: Ana E-mail: ana@bank.example``: each label as `folded` has it, empty for what stands
    before the first, and what follows it."""
    label, value = "", list[str]()
    *before, last = text.split(":")
    for part in before:
        name, rest = _label_at_end(part)
        if name:
            yield label, ":".join((*value, rest))
            label, value = name, []
        else:
            value.append(part)
    yield label, ":".join((*value, last))


def _label_at_end(text: str) -> tuple[str, str]:
    """The column that the last words of a text name, and what stands before them."""
    words = text[-_LONGEST:].split()
    for count in range(min(len(words), _LONGEST_NAME), 0, -1):
        if (name := folded(" ".join(words[-count:]))) in _COLUMNS:
            return name, "" if count == len(words) else text.rsplit(None, count)[0]
    return "", text


def is_known(text: str) -> bool:
    """Whether it is a role, a department, a company or the like, or the name of a column: what stands beside a name, and is none."""
    words = folded(text[: 2 * _LONGEST]).split()
    known = " ".join(words) in _COLUMNS or all(word in TITLE_WORDS or word in ROLES or word in _COLUMNS for word in words)
    return known or not _WORK.isdisjoint(words)


def recipients(line: str) -> str:
    """What stands behind the label of a message's head that names people; empty for any other line."""
    found = _TO.match(line)
    return line[found.end() :] if found is not None else ""


def email_column(line: str) -> tuple[str, int, int] | None:
    """Of a line that names columns: what separates them, the place of the addresses' column, and how many there are."""
    separator = separator_of(line)
    names = [folded(cell) for cell in cells(line, separator)] if "@" not in line and len(line) <= 20 * _LONGEST else []
    if len(names) < 2 or not _names_addresses(names):
        return None
    return separator, next(place for place, name in enumerate(names) if name in EMAIL_HEADINGS), len(names)


def _names_addresses(names: Sequence[str]) -> bool:
    """Whether the addresses' column is among them, and most are known."""
    return any(name in EMAIL_HEADINGS for name in names) and 2 * sum(name in _COLUMNS for name in names) > len(names)

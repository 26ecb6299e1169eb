"""Addresses of a role, a team or a mailing list rather than of one person, in English, Portuguese and Spanish."""

import re
from enum import StrEnum

from flows.problems import LineReason

_ROLES_WORDS = """
info informes contact contato contacto contactenos contactanos faleconosco support suporte soporte help helpdesk ajuda ayuda
mesadeayuda service servicedesk servicio servicios servicos atendimento atencion atencionalcliente servicioalcliente sac
ouvidoria clientes customers chamados incidentes tickets central
team time equipe equipo squad group grupo list lista all todos everyone users usuarios staff area setor departamento
admin administrator administrador adm administracao administracion office oficina escritorio direccion diretoria gerencia
board comite secretaria reception recepcao recepcion hello hi ola hola
sales vendas ventas comercial pedidos orders compras proveedores fornecedores marketing comunicacao comunicacion press
imprensa prensa newsletter boletim boletin
finance financeiro financas finanzas tesouraria tesoreria billing faturamento facturacion cobranca cobranza cobranzas accounts
contabilidade contabilidad contas cuentas payments pagamentos pagos hr rh rrhh recursoshumanos people jobs vagas empleo vacantes
legal juridico compliance cumplimiento audit auditoria security seguranca seguridad fraud fraude risk risco riscos riesgo riesgos
privacy privacidade privacidad dpo lgpd
it ti tech tecnologia systems sistemas informatica infra infraestrutura infraestructura dev devs developers desenvolvimento
desarrollo engineering engenharia ingenieria ops operations operacoes operaciones noc soc sre devops monitoring monitoramento
monitoreo alerts alertas api integrations integracao integracoes integracion integraciones onboarding platform plataforma
product products produto produtos producto productos cards cartoes tarjetas projeto proyecto project projetos proyectos pmo
webmaster postmaster hostmaster abuse root mailing mailer notifications notificacoes notificaciones avisos
noreply no-reply no_reply donotreply nao-responda naoresponda no-responder noresponder
"""
ROLES = frozenset(_ROLES_WORDS.split())
"""As the whole of what stands before the @."""
_LISTS_WORDS = """
support suporte soporte team time equipe equipo squad group grupo list lista noreply reply responda responder helpdesk servicedesk
atendimento atencion mailing usuarios users
"""
_LISTS = frozenset(_LISTS_WORDS.split())
"""As a part of it, too: no person is called that."""
_SEPARATORS = re.compile(r"[._+-]")


class RoleWarning(StrEnum):
    ROLE_OR_LIST = "email_role_or_list"  # name: the part before the @


def role_warning(local: str) -> LineReason | None:
    """``local``: the part before the @, case folded."""
    if local in ROLES or not _LISTS.isdisjoint(_SEPARATORS.split(local)):
        return LineReason(RoleWarning.ROLE_OR_LIST, {"name": local})
    return None

"""What the companies of the demo say of themselves, by form, where it differs from the forms' examples."""

from collections.abc import Mapping

from flows.forms.fields import Answers

ACME_BANK: Mapping[str, Answers] = {
    "planning": {
        "goals": "Launch a credit card for our 400,000 account holders this year, and lend to them after that.",
        "challenges": "Our present core closes the day at midnight and takes no payments until it is done.",
        "attendees": "beatriz.prado@acmebank.example\nrafael.nunes@acmebank.example",
    },
    "planning.schedule_session": {"link": "https://meet.example/acme-planning", "agenda": "Goals, products, the path to go-live"},
    "planning.hold_session": {"notes": "Credit cards first. Loans follow in the second quarter."},
    "organization": {
        "official_name": "Acme Bank S.A.",
        "org_name": "Acme Bank",
        "legal_proxy_name": "Acme Participações Ltda.",
        "responsible": "beatriz.prado@acmebank.example",
    },
    "service_desk": {
        "users": "Beatriz Prado <beatriz.prado@acmebank.example>\nrafael.nunes@acmebank.example; plantao@acmebank.example"
    },
    "environments": {
        "test_users": "rafael.nunes@acmebank.example\nlia.torres@acmebank.example",
        "production_users": "beatriz.prado@acmebank.example",
    },
    "control_center": {
        "people": "Nome; E-mail; Papéis; Ambientes; Idioma\n"
        "Beatriz Prado; beatriz.prado@acmebank.example; Administrador, Aprovador de chaves de API; teste, produção; português\n"
        "Rafael Nunes; rafael.nunes@acmebank.example; Administrador, Operador de setup; teste, produção; português\n"
        "Lia Torres; lia.torres@acmebank.example; Leitor de setup; teste; português"
    },
    "first_programs": {"card_issuing_name": "Acme Credit", "digital_lending_name": "Acme Loans"},
    "integration": {
        "webhook_test_url": "https://hooks-test.acmebank.example/pismo",
        "webhook_contact": "rafael.nunes@acmebank.example",
        "event_contact": "rafael.nunes@acmebank.example",
    },
    "production": {
        "users": "beatriz.prado@acmebank.example",
        "keys_by": "rafael.nunes@acmebank.example",
        "cutover_contact": "beatriz.prado@acmebank.example",
    },
    "production.environment_ready": {"base_url": "https://pismo.acmebank.example"},
    "request_changes": {"reason": "The street is that of the branch. Please give the head office."},
    "stuck": {"reason": "Who in our company has the articles of association? We look for the legal proxy's document."},
    "next_steps": {"comment": "It was always clear whose turn it was."},
}
BLUE_COOP: Mapping[str, Answers] = {
    "planning": {
        "goals": "Offer our 60 member cooperatives one account each for payments, transfers and collections.",
        "challenges": "Each member keeps its books in a system of its own, and totals are added up by hand.",
        "attendees": "marcia.lopes@bluecoop.example\ntiago.reis@bluecoop.example",
    },
    "planning.schedule_session": {
        "link": "https://meet.example/blue-planning",
        "agenda": "Members, accounts, the path to go-live",
    },
    "planning.hold_session": {"notes": "The ten largest members first, all others by the end of the year."},
    "organization": {
        "official_name": "Blue Coop Cooperativa de Crédito",
        "org_name": "Blue Coop",
        "document_number": "45.723.174/0001-10",
        "address": "Rua XV de Novembro",
        "number": "700",
        "neighborhood": "Centro",
        "zipcode": "80020-310",
        "city": "Curitiba",
        "state": "PR",
        "legal_proxy_kind": "person",
        "legal_proxy_name": "Márcia Lopes",
        "legal_proxy_document": "529.982.247-25",
        "responsible": "marcia.lopes@bluecoop.example",
    },
    "service_desk": {"users": "Márcia Lopes <marcia.lopes@bluecoop.example>\ntiago.reis@bluecoop.example"},
    "environments": {
        "test_users": "tiago.reis@bluecoop.example",
        "production_users": "marcia.lopes@bluecoop.example",
    },
    "control_center": {
        "people": "Name; E-mail; Roles; Environments; Language\n"
        "Márcia Lopes; marcia.lopes@bluecoop.example; Admin; test, production; Portuguese\n"
        "Tiago Reis; tiago.reis@bluecoop.example; Admin, API keys approver; test, production; Portuguese"
    },
    "first_programs": {"transaction_banking_name": "Blue Accounts"},
    "authentication": {"mtls": "csr"},
    "integration": {
        "webhook_test_url": "https://hooks-test.bluecoop.example/pismo",
        "webhook_contact": "tiago.reis@bluecoop.example",
        "event_contact": "tiago.reis@bluecoop.example",
    },
    "production": {
        "users": "marcia.lopes@bluecoop.example",
        "keys_by": "tiago.reis@bluecoop.example",
        "cutover_contact": "marcia.lopes@bluecoop.example",
    },
    "production.environment_ready": {"base_url": "https://pismo.bluecoop.example"},
    "next_steps": {"comment": "We knew each week what to prepare next."},
}
ANDES_PAY: Mapping[str, Answers] = {
    "planning": {
        "goals": "Emitir una tarjeta de crédito para los comercios que ya cobran con nosotros.",
        "challenges": "El procesador actual tarda un mes en cambiar un límite.",
        "attendees": "camila.rojas@andespay.example\ndiego.mora@andespay.example",
    },
    "planning.schedule_session": {"link": "https://meet.example/andes-planning", "agenda": "Objetivos, productos, fechas"},
    "planning.hold_session": {"notes": "Primero los cien comercios más grandes."},
    "organization": {
        "official_name": "Andes Pay Instituição de Pagamento S.A.",
        "org_name": "Andes Pay",
        "legal_proxy_name": "Andes Participações Ltda.",
        "responsible": "camila.rojas@andespay.example",
    },
    "service_desk": {"users": "Camila Rojas <camila.rojas@andespay.example>\ndiego.mora@andespay.example"},
    "environments": {"test_users": "diego.mora@andespay.example", "production_users": "camila.rojas@andespay.example"},
    "first_programs": {"card_issuing_name": "Andes Crédito", "another_name": "Andes Interno"},
    "integration": {
        "webhook_test_url": "https://hooks-test.andespay.example/pismo",
        "webhook_contact": "diego.mora@andespay.example",
        "event_contact": "diego.mora@andespay.example",
    },
    "production": {
        "users": "camila.rojas@andespay.example",
        "keys_by": "diego.mora@andespay.example",
        "cutover_contact": "camila.rojas@andespay.example",
    },
    "production.environment_ready": {"base_url": "https://pismo.andespay.example"},
    "next_steps": {"comment": "Siempre supimos qué hacer después."},
}

OWN_ANSWERS: Mapping[str, Mapping[str, Answers]] = {"Acme Bank": ACME_BANK, "Blue Coop": BLUE_COOP, "Andes Pay": ANDES_PAY}
"""By the company's name."""

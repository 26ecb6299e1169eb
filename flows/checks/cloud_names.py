"""Names in Amazon's, Google's and Microsoft's clouds, by their form.

Sources: AWS *Identify AWS resources with ARNs*, *CreateTopic*, *Bucket naming rules*; Google *Creating and managing projects*, *Resource
names* of Pub/Sub; Microsoft *Naming rules and restrictions for Azure resources*.
"""

import re

_PARTITION = r"arn:aws(?:-cn|-us-gov)?"
_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORMS = {
    "aws_account": r"(?P<account>\d{12})",
    "role_arn": rf"{_PARTITION}:iam::(?P<account>\d{{12}}):role/(?:[\w+=,.@-]+/)*[\w+=,.@-]{{1,64}}",
    "topic_arn": rf"{_PARTITION}:sns:{_REGION}:(?P<account>\d{{12}}):[A-Za-z0-9_-]{{1,251}}(?:\.fifo)?",
    "kms_arn": rf"{_PARTITION}:kms:{_REGION}:(?P<account>\d{{12}}):(?:key/(?:mrk-[0-9a-f]{{32}}|{_UUID})|alias/[A-Za-z0-9/_-]{{1,250}})",
    "bucket": r"(?!xn--|sthree-)(?!.*(?:\.\.|-s3alias$|--ol-s3$))(?!\d+(?:\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "gcp_project": r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "gcp_topic": r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}",
    "uuid": rf"(?i:{_UUID})",
    "azure_resource": rf"(?i:/subscriptions/{_UUID}/resourceGroups/[\w.()-]{{1,90}}/providers/Microsoft\.[A-Za-z]+(?:/[\w.-]+)+)",
}
_COMPILED = {kind: re.compile(form, re.ASCII) for kind, form in _FORMS.items()}


def fits(kind: str, text: str) -> bool:
    return _COMPILED[kind].fullmatch(text) is not None


def aws_account(kind: str, text: str) -> str:
    """The account in an ARN of this kind; empty if the text is none."""
    found = _COMPILED[kind].fullmatch(text)
    return found["account"] if found is not None else ""

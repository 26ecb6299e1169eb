"""A public key of SSH is read however it is pasted, and kept without anybody's name."""

import json
import textwrap

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from flows.checks.ssh_keys import read
from flows.steps.authentication import example_keys

KEYS = [
    key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    for key in (
        load_pem_public_key(example_keys.PUBLIC_KEY.encode()),
        Ed25519PrivateKey.generate().public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
    )
]


def test_a_key_is_read_out_of_what_stands_around_it() -> None:
    for key in KEYS:
        kind, signs = key.split()
        lines = "\n".join(textwrap.wrap(signs, 64))
        for pasted in (
            key,
            f"{key} ana at bank",
            f"“{key}”",
            f"Our key: `{key}`;",
            f"$ cat id.pub\n{key}\n$ ",
            f'from="10.0.0.1",no-pty {key} ana@laptop',
            f"[sftp.bank.example]:22 {key}",
            json.dumps({"key": f"{key} ana@laptop"}),
            f"{kind} {lines}",
            signs,
            f'---- BEGIN SSH2 PUBLIC KEY ----\nComment: "ana"\n{lines}\n---- END SSH2 PUBLIC KEY ----',
        ):
            assert read(pasted) == key, pasted


def test_what_is_no_key_or_not_the_only_one_is_not_read() -> None:
    for key in KEYS:
        assert read(key.rstrip("=")[:-2]) is None
        assert read(f"{key}\n{KEYS[1]}") is None
    for pasted in (
        "",
        "ssh-ed25519",
        "~/.ssh/id_rsa.pub",
        "SHA256:abcdef",
        "ssh-dss AAAAB3NzaC1kc3MAAACB",
        "AAAAB3NzaC1yc2E" + "A" * 99,
    ):
        assert read(pasted) is None

"""What people paste: texts that hold a secret and texts that hold none, in three languages.

A text is a template: ``§pw§`` and its like are replaced by values made at run time, see `fill`.
"""

import base64
import json
import random
import re
import string
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SEPARATOR = "\n~~\n"

SECRETS = r"""
{"id":"7f","name":"sandbox","values":[{"key":"url","value":"https://a.example","type":"default"},{"key":"client_secret","value":"§key§","type":"secret"}]}
~~
{"key":"password","value":"§pw§","type":"any","enabled":true}
~~
{"auth":{"type":"oauth2","oauth2":[{"key":"clientSecret","value":"§key§","type":"string"}]}}
~~
{"auth":{"type":"apikey","apikey":[{"key":"value","value":"§key§"},{"key":"key","value":"x-api-key"}]}}
~~
{"key":"partner_credential","type":"secret","value":"§key§"}
~~
{ "value": "§pw§", "enabled": true, "key": "senha" }
~~
{"name": "X-Api-Key", "value": "§key§"}
~~
curl -u acme:§pw§ https://sandbox.example/token
~~
curl -X POST --user 'svc:§pw§' https://sandbox.example/token -d grant_type=client_credentials
~~
curl -usvc:§pw§ https://sandbox.example
~~
curl -H "Authorization: Bearer §opaque§" https://sandbox.example/v1
~~
curl -H 'client-secret: §key§' https://sandbox.example
~~
curl -d 'client_id=acme&client_secret=§key§' https://sandbox.example/token
~~
wget --http-password=§pw§ https://files.example/a
~~
sshpass -p §pw§ sftp acme@sftp.example
~~
mysql -u acme -p'§pw§' cards
~~
PGPASSWORD=§pw§ psql -h db.example -U acme
~~
keytool -list -keystore acme.jks -storepass §pw§
~~
openssl rsa -in key.pem -passin pass:§pw§
~~
docker login -u acme --password §pw§
~~
kubectl create secret generic pismo --from-literal=password=§pw§
~~
password: |-
    §pw§
~~
client:
  secret: >
    §key§
~~
database:
  user: acme
  password: §pw§
~~
env:
  - name: DB_PASSWORD
    value: §pw§
~~
data:
  client-secret: §b64key§
~~
Password; §pw§
~~
client secret ; §key§
~~
Senha - §pw§
~~
Contraseña – §pw§
~~
usuario,contrasena
acme,§pw§
~~
login;senha;perfil
acme;§pw§;admin
~~
name	client_secret
acme	§key§
~~
Bom dia, a senha do sandbox ficou §pw§
~~
Pessoal, segue senha do banco de dados §pw§
~~
a chave da API é §key§
~~
O segredo do cliente: §key§
~~
A nova senha para o usuário acme será §pw§ a partir de amanhã
~~
Minha palavra-passe é §pw§
~~
Seguem os acessos:
Usuário: acme
Senha de acesso: §pw§
~~
La nueva contraseña para el portal es §pw§
~~
Su clave de acceso es §pw§
~~
la clave secreta del cliente quedó como §key§
~~
Entra con el usuario acme y la contraseña §pw§
~~
El secreto del cliente es §key§
~~
The DB password for staging was changed to §pw§ yesterday
~~
please use §pw§ as password
~~
§pw§ é a senha do portal
~~
§pw§ es la contraseña
~~
our API key = §key§
~~
RSA Private-Key: (2048 bit, 2 primes)
modulus:
    00:§hexcolon§
publicExponent: 65537 (0x10001)
privateExponent:
    §hexcolon§
    §hexcolon§
~~
Private-Key: (256 bit)
priv:
    §hexcolon§
pub:
    04:§hexcolon§
ASN1 OID: prime256v1
~~
ED25519 Private-Key:
priv:
    §hexcolon§
~~
    0:d=0  hl=4 l=1188 cons: SEQUENCE
    4:d=1  hl=2 l=   1 prim: INTEGER           :00
    7:d=1  hl=4 l= 257 prim: INTEGER           :§HEX64§
  268:d=1  hl=2 l=   3 prim: INTEGER           :010001
  273:d=1  hl=4 l= 256 prim: INTEGER           :§HEX64§
  533:d=1  hl=3 l= 129 prim: INTEGER           :§HEX64§
~~
    0:d=0  hl=2 l=  65 cons: SEQUENCE
    2:d=1  hl=2 l=   1 prim: INTEGER           :00
   20:d=1  hl=2 l=  39 prim: OCTET STRING      [HEX DUMP]:§sec1hex§
~~
§derhex§
~~
§derhexspaced§
~~
§derxxd§
~~
§derhexdump§
~~
unsigned char key[] = { §derc§ };
~~
§pemhex§
~~
§b64jwk§
~~
PRIVATE_JWK=§b64jwk§
~~
{"jwk": "§b64jwk§"}
~~
§derb64url§
~~
Signing key: §hex64§
~~
signing_secret=§hex§
~~
JWT_SIGNING_KEY="§b64key§"
~~
whsec_§an32§
~~
webhook secret §key§
~~
[Interface]
PrivateKey = §wg§
ListenPort = 51820
~~
PresharedKey = §wg§
~~
private key (hex): §hex64§
~~
chave privada: §hex64§
~~
ZMK Component 1: §HEX§
KCV: 8CA64D
~~
TMK clear = §HEXgroups§
~~
Componente 1 (ZMK): §HEXgroups§
~~
ZPK: §HEX§
~~
Key component 3
§HEX§
Check value 08D7B4
~~
LMK test key §HEX§
~~
BDK=§HEX§ KSN=FFFF9876543210E00001
~~
DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=§azure§;EndpointSuffix=core.windows.net
~~
Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=§wg§
~~
https://acme.blob.core.windows.net/in?sv=2023-01-03&sr=c&sp=rw&se=2027-01-01T00%3A00%3A00Z&sig=§wgurl§
~~
SharedAccessSignature sr=acme.azure-devices.net&sig=§wgurl§&se=1893456000
~~
AZURE_CLIENT_SECRET=§an3§8Q~§an34§
~~
aws_session_token=IQoJb3JpZ2luX2Vj§an200§
~~
AWS_SECRET_ACCESS_KEY=§aws§
~~
AKIA§AN16§:§aws§
~~
Access key: ASIA§AN16§
Secret: §aws§
~~
gldt-§an20§
~~
sk-ant-api03-§an80§
~~
sk-proj-§an60§
~~
hf_§an34§
~~
shpss_§hex§
~~
key-§hex§
~~
§hex§-us14
~~
SK§hex§
~~
figd_§an40§
~~
glsa_§an32§_0a1b2c3d
~~
sntrys_§an60§
~~
EAAC§an120§
~~
ya29.§an80§
~~
1//0g§an60§
~~
xkeysib-§hex64§-§an16§
~~
dp.st.prd.§an43§
~~
https://discord.com/api/webhooks/112233445566778899/§an68§
~~
https://acme.webhook.office.com/webhookb2/0a/IncomingWebhook/§hex§/0b
~~
110201543:AAH§an32§
~~
Authorization: Bearer §hex§
~~
authorization: token §hex§
~~
{"access_token": "§opaque§", "expires_in": 300}
~~
Private-Token: §opaque§
~~
Server=db.example;Database=cards;User Id=acme;Password=§pw§;Encrypt=True
~~
jdbc:oracle:thin:acme/§pw§@db.example:1521/cards
~~
amqps://acme:§an16§@mq.example/cards
~~
<add key="ApiKey" value="§key§" />
~~
<entry key="password">§pw§</entry>
~~
$env:DB_PASSWORD = '§pw§'
~~
machine sftp.example login acme password §pw§
~~
db.example:5432:cards:acme:§pw§
~~
credentials: acme/§pw§
~~
user: acme  pass: §pw§
~~
PIN do HSM: 739215
~~
Enter pass phrase for key.pem: horse staple battery
~~
const secret = Buffer.from("§hex64§", "hex")
~~
client_secret%3D§an32§%26grant_type%3Dclient_credentials
~~
Hola, la contraseña de la base es Nube#4471 y el usuario es acme
~~
A senha pra acessar é Mar@Alto19
~~
Podem usar o usuário svc e a senha Rt55!kLmn
~~
password for sandbox = trovao77
~~
Senha do certificado: 123456
~~
keystore password changeit99
~~
api-key;§an24§
~~
"apiKey" : "§an24§"
~~
APIKEY §an24§
~~
x-api-key: 6fa459eaee8a3ca4894edb77e160355e
~~
Authorization: Bearer §hex§
~~
Bearer: §hex§
~~
token §hex§
~~
meu token é §hex§
~~
el token de acceso es §hex§
~~
secret - §hex§
~~
client id abc, secret §hex§
~~
client_id=abc / client_secret=§an16§
~~
clientsecret -> §an16§
~~
"client_secret" => "§an16§",
~~
<clientSecret>§an16§</clientSecret>
~~
:client_secret: §an16§
~~
client secret (prod): §an16§
~~
Client Secret
§an16§
~~
- *client secret* — §an16§
~~
secret="§an16§" # rotate later
~~
export PISMO_SECRET=§an16§
~~
pismo_secret: !!binary a0poN3RZdTJQcTlMbU40dg==
~~
spring.datasource.password=§mixed§
~~
ftp://acme:§mixed§@sftp.example/in
~~
user=acme&pass=§mixed§
~~
usuario: acme | contraseña: §mixed§
~~
login acme senha §mixed§
~~
acesso: acme / §mixed§
~~
user acme pw §mixed§
~~
PW: §mixed§
~~
pass - §mixed§
~~
pwd §mixed§
~~
clave: §mixed§
~~
la clave para entrar es §mixed§
~~
Contrasena §mixed§
~~
passcode for the vault is 88#§mixed§
~~
OTP seed: JBSWY3DPEHPK3PXPJBSWY3DP
~~
otpauth://totp/acme?secret=JBSWY3DPEHPK3PXP&issuer=acme
~~
ZMK
Componente 1: §HEXgroups§
~~
Clear TMK: §HEX§
~~
Comp 1 ZMK = 1A2B3C4D 5E6F7081 92A3B4C5 D6E7F809 (KCV A1B2C3)
~~
chave de transporte (ZMK) componente A: §HEX§
~~
DUKPT BDK §HEX§
~~
AccountKey=§azure§
~~
storage account key: §azure§
~~
{"keyName":"key1","value":"§azure§","permissions":"FULL"}
~~
?sv=2022-11-02&sr=b&sig=§wgurl§&se=2026-12-01
~~
"SessionToken": "FwoGZXIvYXdzEBYaDKm1n2o3p4q5r6s7t8u9v0w1x2y3z4A5B6C7D8E9F0G1H2I3J4K5L6M7N8O9P0"
~~
"SecretAccessKey": "§aws§"
~~
Set-Cookie: session=s%3AabcDEF123456ghiJKL7890mnoPQR; HttpOnly
~~
JSESSIONID=§HEX§
~~
signingKey: "9aK3-xx81-PpQ2-77Zy-Lm4N"
~~
hmac secret 9aK3xx81PpQ277ZyLm4N
~~
gh secret set TOKEN --body glpat-§an20§
~~
ssh-keygen passphrase: Montanha2-azul
~~
Wi-Fi da sala: rede acme senha §mixed§LL
~~
shared key §mixed§LLttUUvv9012
~~
secret_key_base: §hex64§
~~
SECRET_KEY = 'django-insecure-k3!x9w)2m(q7'
~~
The secret's value is §an16§
~~
secret value: §an16§
~~
"secretString":"{\"password\":\"§mixed§\"}"
~~
my credentials are acme:§mixed§!
~~
-----BEGIN ENCRYPTED PRIVATE KEY----- MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQI
~~
kubectl create secret generic a --from-literal client_secret=§an16§
~~
password: |2
    §mixed§
~~
"password":
   "§mixed§"
~~
password\u003d§mixed§
~~
password:§mixed§/login:acme
~~
{"id":"1","name":"Pismo sandbox","values":[{"key":"baseUrl","value":"https://api.example","enabled":true},{"key":"clientSecret","value":"§key§","type":"secret","enabled":true}]}
~~
"auth":{"type":"basic","basic":[{"key":"password","value":"§pw§","type":"string"},{"key":"username","value":"svc-onb","type":"string"}]}
~~
{"auth":{"type":"bearer","bearer":[{"key":"token","value":"§opaque§","type":"string"}]}}
~~
{"enabled":true,"type":"default","value":"§pw§","key":"db_password"}
~~
{"name":"api_key","description":"prod","value":"§key§"}
~~
curl -s -u svc_acme:§pw§ https://api.bank.example/token
~~
curl --user "acme:§pw§" -X POST https://api.bank.example/token
~~
http -a acme:§pw§ POST api.bank.example/login
~~
curl -H 'Authorization: Bearer §opaque§' https://api.bank.example/v1/me
~~
curl -H "X-Api-Key: §key§" https://api.bank.example
~~
wget --user=acme --password=§pw§ https://files.bank.example/f.zip
~~
sshpass -p '§pw§' ssh deploy@10.0.0.4
~~
mysql -h db -u root -p§pw§ core
~~
redis-cli -h cache -a §pw§ ping
~~
keytool -importkeystore -srcstoretype PKCS12 -srcstorepass §pw§ -srckeystore k.p12
~~
openssl pkcs12 -in a.p12 -passin pass:§pw§ -nodes
~~
docker login registry.example -u acme -p §pw§
~~
password: |
  §pw§
~~
client_secret: >-
    §key§
~~
stringData:
  clientSecret:
    §key§
~~
- name: CLIENT_SECRET
  value: "§key§"
~~
password ; §pw§
~~
senha - §pw§
~~
usuario;senha
acme;§pw§
~~
client_id,client_secret
acme,§key§
~~
Oi, segue a senha do ambiente de homologação: §pw§
~~
A senha de acesso ao banco de dados é §pw§, não compartilhe
~~
o client secret que gerei foi §key§
~~
La contraseña del usuario de pruebas es §pw§
~~
Te paso la clave: §pw§
~~
usuario ana y clave §pw§
~~
use §pw§ como senha
~~
§pw§ is the password for the sandbox
~~
the new password for the SFTP account on the staging server is §pw§
~~
nossa chave de api é §key§
~~
Private-Key: (256 bit)
priv:
    §hexcolon§
pub:
    04:aa:bb
~~
privateExponent:
    00:§hexcolon§
    §hexcolon§
prime1:
    00:§hexcolon§
~~
    0:d=0  hl=2 l= 119 cons: SEQUENCE
    2:d=1  hl=2 l=   1 prim: INTEGER           :01
    5:d=1  hl=2 l=  32 prim: OCTET STRING      [HEX DUMP]:§HEX64§
   39:d=1  hl=2 l=  10 cons: cont [ 0 ]
~~
§derhex§
~~
§derxxd§
~~
§derhexdump§
~~
§b64jwk§
~~
JWK_B64=§b64jwk§
~~
signing key: §hex64§
~~
Webhook signing secret: whsec_§an32§
~~
[Interface]
PrivateKey = §wg§
Address = 10.8.0.2/24
~~
PresharedKey=§wg§
~~
ZMK component 1: §HEX§ KCV: 8CA64D
~~
TMK (clear): §HEXgroups§
~~
ZPK clear: §HEX§
~~
Componente 2 da ZMK
§HEXgroups§
KCV 08D7B4
~~
DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=§azure§;EndpointSuffix=core.windows.net
~~
Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=§wg§
~~
https://acme.blob.core.windows.net/files?sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2027-01-01T00:00:00Z&sig=§wgurl§
~~
aws_session_token = IQoJb3JpZ2luX2VjE§an160§
~~
[default]
aws_access_key_id = AKIA§AN16§
aws_secret_access_key = §aws§
~~
AKIA§AN16§ / §aws§
~~
glrt-§an20§
~~
sk-proj-§an48§
~~
hf_§an34§
~~
dckr_pat_§an27§
~~
shpat_§hex§
~~
token do figma: figd_§an40§
~~
xkeysib-§hex64§-§an16§
~~
sq0csp-§an43§
~~
dapi§hex§
~~
lin_api_§an40§
~~
Authorization: Bearer §hex§
~~
access_token=§opaque§
~~
{"access_token":"§opaque§","token_type":"bearer","expires_in":3600}
~~
X-Auth-Token: §opaque§
~~
jdbc:oracle:thin:app/§pw§@//db:1521/core
~~
jdbc:sqlserver://db;user=sa;password=§pw§;encrypt=true
~~
mongodb+srv://app:§an16§@cluster0.example.mongodb.net/core
~~
<add key="ClientSecret" value="§key§"/>
~~
<property name="password">§pw§</property>
~~
machine api.example login acme password §pw§
~~
$env:CLIENT_SECRET = "§key§"
~~
setx DB_PASSWORD "§pw§"
~~
login: acme / §pw§
~~
Usuário: acme
Senha.........: §pw§
~~
PIN: 4821
~~
credentials: acme / §pw§
~~
pass phrase for key.pem: correct horse battery staple
~~
encryption_key="§hex64§"
~~
MASTER_KEY=§hex64§
~~
HMAC key (hex) §hex64§
~~
webhook_secret: §an32§
~~
a senha é:
```§pw§```
~~
client secret:
```
§key§
```
~~
server_secret:
```§hex64§```
~~
Segue a senha:

```
§pw§
```
~~
password: !Granada88x
~~
password: $Granada88x
~~
password: &Granada88x
~~
password: [Granada88x]
~~
password: {Prim4vera@2026}
~~
password: %Prim4vera26%
~~
password: Granada88x@acme.com
~~
password: Prim4vera@example
~~
password: my-Prim4vera@2026
~~
password: your_Prim4vera2026
~~
password: Rio2026.Mar.Sol
~~
password: xxxPrim4vera
~~
password: settings.Prim4vera
~~
PASSWORD=!Granada88x
~~
curl -u 'acme:!Granada88x' https://x.example
~~
postgres://u:$Granada88@h/db
~~
mysql -p'!Granada88x'
~~
SENHA_BANCO=Cachoeira#1
~~
PASSWORD_DB=Cachoeira#1
~~
CLIENT_SECRET_UAT=9fJq2LkZx7Vb3NmT
~~
API_KEY_PISMO=9fJq2LkZx7Vb3NmT
~~
secret_pismo=9fJq2LkZx7Vb3NmT
~~
passwordUat = Cachoeira#1
~~
senhaDoBanco: Cachoeira#1
~~
dbPasswordProd: Cachoeira#1
~~
clientSecretUat: 9fJq2LkZx7Vb3NmT
~~
passwords: Cachoeira#1
~~
senhas: Cachoeira#1
~~
secrets: 9fJq2LkZx7Vb3NmT
~~
tokens: 9fJq2LkZx7Vb3NmT9fJq2LkZx7Vb3NmT
~~
| user | password |
|---|---|
| ana | Granada88x |
~~
user,password
ana,Granada88x
~~
"user","password","x"
"ana","Granada88x","2"
~~
curl -ksu admin:Zx81kkPq https://sandbox.example
~~
user acme and pass Th1nMint!x
~~
for acme the pass is `Cobalt-Fjord-81`
~~
8C1F37A5D2B94E608C1F37A5D2B92649 (ZMK em claro, 1a parte)
~~
Chave de transporte (parte 1): 8C1F 37A5 D2B9 4E60 8C1F 37A5 D2B9 2649
~~
ConvertTo-SecureString "Gr4nite!77" -AsPlainText -Force
~~
getConnection(url,"sa","Pl4tinum#3")
~~
requests.get(url, auth=("svc","Pl4tinum#3"))
~~
acme:$apr1$x7Qk2LmZ$5f8Jq0bYw3nHcV1tRkD9a/
~~
{"auths":{"registry.example":{"auth":"YWNtZTpQbDR0aW51bSMz"}}}
~~
snowsql -a acme -u ana -p Granada!88
~~
Clear component: 8C1F37A5D2B94E608C1F37A5D2B92649
~~
vault kv put secret/acme value=Pl4tinum#3
~~
https://teams.microsoft.com/x password: Pr1mvera
~~
segue o server secret do ambiente de homologação §hex§0f3a9c7b
~~
the secret you gave us (§hex§0f3a9c7b) does not work in production
~~
§an40§ <- that's the api key, does it work for you?
~~
s.§an24§ vault root token
~~
{
  "name": "EXT",
  "values": [
    {
      "key": "server_secret",
      "value": "§hex§",
      "type": "default",
      "enabled": true
    },
    {
      "key": "url",
      "value": "https://a.example",
      "enabled": true
    }
  ]
}
~~
<wsse:Password Type="http://docs.example/x#PasswordText">§pw§</wsse:Password>
~~
<secret format="plain" env='uat'><![CDATA[§pw§]]></secret>
~~
creds: svc-pismo / §pw§
~~
usuário / senha: svc-pismo / §pw§
~~
sftp -oPort=2222 user pismo, pass ZNjixuJShM, host sftp.acme.example
~~
variable "pismo_server_secret" {
  type    = string
  default = "§hex§"
}
~~
DbPassword:
  Type: String
  Default: §pw§
~~
TR-31: D0112P0AE00E0000§HEX§§HEX§§HEX§
~~
key block under LMK: S10096K0TN00N0000§HEX§§HEX§08D7B4
~~
CVK A 5FA6CB6BD62D4C4D CVK B 0056ECB38D56E0DC
~~
-----BEGIN OpenVPN Static key V1-----
§hex§
§hex§
-----END OpenVPN Static key V1-----
~~
Your temporary password is below. Please change it at first logon.

    §pw§

Regards, IT
~~
[10:32] ana: qual a senha?
[10:33] joao: §pw§
~~
echo '§pw§' | docker login -u svc --password-stdin registry.acme.example
~~
ALTER USER core IDENTIFIED BY "§pw§";
~~
net user svc_pismo §pw§ /add /domain
~~
AES-256 key §hex64§
~~
d = 9713732839161193166152895975308978812957450408364249183861202830288728944341
~~
byte[] key = {§derbytes§};
~~
auth_token	§opaque§	default
base_url	https://a.example	default
~~
curl --cert client.p12:6xdmJYYIl42 --cert-type P12 https://a.example
~~
webhook signature key: §hex64§
~~
secrets:
  - name: db
    value: §pw§
~~
pass do sftp: §pw§
~~
psw: §pw§
~~
Credencial: §key§
~~
refresh: §opaque§
~~
Set-Cookie: sid=§opaque§; Path=/; Secure
~~
openssl enc -aes-256-cbc -K §hex64§ -in plan.txt
~~
amqps://core:<mailto:§an16§@mq.acme.example|§an16§@mq.acme.example>:5671/x
~~
component one §HEX§, component two §HEX§
~~
DUKPT initial key §HEX§
~~
%B4539148803436467^SILVA/ANA^29092010000000000000?
~~
our API key leaked: §an24§
~~
client secret leaked, it was §an24§
~~
password leaked: §mixed§
~~
secret detected: §an24§
~~
password management: §mixed§
~~
password: ab:/Xy12cdEF
~~
GRANT ALL PRIVILEGES ON cards.* TO 'acme'@'%' IDENTIFIED BY '§pw§';
~~
CREATE USER acme
  IDENTIFIED BY §pw§;
~~
C:\> net user svc_acme §pw§
~~
segue a chave da API de produção (§HEX§)
~~
§hex§0f3a9c7b is our server secret
~~
update: the new secret for staging §hex§0f3a9c7b
~~
The password of the service account is below
Rio2026Mar
~~
Temporary password for the portal

Rio2026Mar
~~
Troquei a senha ontem.
Mar#Alto2026
~~
Senha nova 👇
Rio2026Mar
~~
net user "svc acme" "§pw§" /domain
~~
the password of the portal Rio2026Mar does not work for MGarcia77
~~
a senha da Ana_Souza1 é Rio2026Mar
~~
a senha foi trocada para QuatroLuas88
~~
my password is banana
~~
a senha do wifi é laranja
"""

INNOCENT = r"""
client_secret = arn:aws:secretsmanager:us-east-1:123456789012:secret:acme/pismo-Xy12Zz
~~
password: vault:kv/data/acme/sandbox#db_password
~~
DB_PASSWORD=${DB_PASSWORD_2026}
~~
DB_PASSWORD=${vault.acme.db-password:v2}
~~
client_secret: "{{ vault_client_secret_v2 }}"
~~
client_secret: %CLIENT_SECRET_1%
~~
password: !vault/acme/db1
~~
client_secret: ref+vault://kv/acme/pismo#/client_secret1
~~
secret: projects/42/secrets/pismo-client/versions/3
~~
password: @Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/db1/)
~~
api_key: op://Production/Pismo2/credential
~~
API_KEY=ssm:/acme/prod/pismo2/api_key
~~
client_secret_arn: arn:aws:secretsmanager:sa-east-1:123456789012:secret:acme-AbC123
~~
password=$(aws secretsmanager get-secret-value --secret-id acme/db2)
~~
password = os.environ["DB_PASSWORD2"]
~~
secret = System.getenv("PISMO_SECRET_V2")
~~
client_secret: process.env.PISMO_SECRET2
~~
secret = config.get("pismo.secret.v2")
~~
secretKeyRef:
  name: pismo-client-secret-2
  key: client_secret
~~
The client secret is called acme-pismo-client-secret-2026 in our vault
~~
Nome do segredo: acme-prod-client-secret-2
~~
secret name: pismo/prod/client-secret-v3
~~
O segredo pismo_client_secret_v2 está no cofre
~~
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
~~
x-b3-traceid: 80f198ee56343ba864fe8b2a57d3eff7
~~
The token check failed, trace id 0af7651916cd43dd8448eb211c80319c
~~
The secret was refused: request 9f86d081884c7d659a2feaa0c55ad015
~~
correlation-id: 5be91a4c-5c1b-4c8a-9a55-0f6ad8d0a3f1 password rejected
~~
cid 4111-2222-3333-4444-555566667777
~~
AWS sample: AKIAIOSFODNN7EXAMPLE / wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
~~
curl -u username:password https://sandbox.example/token
~~
curl -u "$CLIENT_ID:$CLIENT_SECRET" https://sandbox.example/token
~~
curl -H "Authorization: Bearer ${TOKEN}" https://sandbox.example
~~
Authorization: Bearer YOUR_ACCESS_TOKEN
~~
Authorization: Basic <base64 of client_id:client_secret>
~~
{"key": "client_secret", "value": "{{client_secret}}", "type": "secret"}
~~
{"key": "client_secret", "value": "", "type": "secret"}
~~
postgres://user:password@localhost:5432/db
~~
mysql -u root -p cards
~~
openssl genrsa -aes256 -passout stdin -out key.pem 4096
~~
password: |
  # set by the pipeline
~~
Account number: 6212 3456 7890 0000003
~~
Conta: 4539148803436467, agência 0001
~~
CLABE interbancaria 646180157000000004
~~
Cuenta de ahorros 5061 2345 6789 0123
~~
Número do pedido 4716461583322103
~~
https://us02web.zoom.us/j/81234567890?pwd=§meeting§
~~
https://acme.webex.com/acme/j.php?MTID=m§hex§
~~
Acme invites you to a meeting.
https://acme.zoom.us/j/81234567890?pwd=§meeting§.1
Meeting ID: 812 3456 7890
Passcode: 9Qk3Lm
One tap mobile
+551146322036,,81234567890#,,,,*483920# Brazil
~~
Reunião do Microsoft Teams
ID da Reunião: 234 567 890 123
Senha: aB3cD9
~~
Ingressar na reunião Zoom
https://us06web.zoom.us/j/81234567890
ID da reunião: 812 3456 7890
Código de acesso: 483920
~~
Unirse a la reunión Zoom
ID de reunión: 812 3456 7890
Código de acceso: 5Lk9Qw
~~
ID de reunión: 812 3456 7890
Contraseña: 5Lk9Qw
~~
Meeting number (access code): 2345 678 9012
Meeting password: gPnV3bMxp42 (47683269 from phones)
~~
Senha da reunião: 9Qk3Lm
~~
https://teams.microsoft.com/meet/234567890123?p=aB3cD9eF7gH1
~~
Our password policy: 12 characters, 1 capital, 1 digit, PCI DSS 4.0
~~
Quem tem a senha do portal?
~~
¿Dónde encuentro la contraseña del usuario?
~~
La clave del éxito es empezar por las tarjetas
~~
Did the HSM team load the ZMK? The KCV should be 8CA64D.
~~
The signing key expires on 2027-03-01, kid 3f9a1c77
~~
Public key fingerprint: 5e:88:48:98:da:28:04:71:51:d0:e5:6f:8d:c6:29:27
~~
Modulus=§HEX64§
~~
token endpoint: https://auth.example/oauth2/v2.0/token
~~
next_page_token: §an32§
~~
docker pull registry.example/acme@sha256:§hex64§
~~
PIN: 4 digits, chosen by the cardholder
~~
secretName: pismo-credentials
~~
imagePullSecrets: [{name: regcred}]
~~
secret/pismo-credentials created
~~
vault kv get -field=password secret/acme/db1
~~
password: ENC[AES256_GCM,data:abc123,iv:def,tag:x,type:str]
~~
api_key: <%= ENV["API_KEY"] %>
~~
password: {{ lookup('env', 'DB_PASSWORD1') }}
~~
password = var.db_password_v2
~~
password = data.aws_secretsmanager_secret_version.db1.secret_string
~~
client_secret = aws_ssm_parameter.pismo2.value
~~
client-secret: /run/secrets/pismo2
~~
key vault: https://acme-kv1.vault.azure.net/secrets/pismo-secret/§hex§
~~
trace_id=§hex§ span_id=0f3a9c7b2e5d4816
~~
X-Amzn-Trace-Id: Root=1-5f84c7a9-0f3a9c7b2e5d4816a0b1c2d3
~~
The access token was refused, cid=§hex§
~~
Token check: error 401, request-id 0f3a9c7b-2e5d-4816-a0b1-c2d3e4f50617
~~
CVU 0000003100010000000001
~~
account 4539 1488 0343 6467
~~
Conta Nº 4539148803436467
~~
número de cuenta: 5555 5555 5555 4444
~~
Host: acme, phone conference id 812 345 678#
~~
Dial in: +1 555 0100, PIN: 483 920
~~
Join by phone: +55 11 4680 6788, access code: 2345 678 9012
~~
Google Meet: https://meet.google.com/abc-defg-hij
Or dial: +55 11 4560-7150 PIN: 812345678#
~~
Tópico: Kick-off
Entrar na reunião Zoom
https://us05web.zoom.us/j/82345678901?pwd=abcDEF123456.1
ID da reunião: 823 4567 8901
Senha de acesso: 4Dk9Zq
~~
Reunión de Microsoft Teams
Únase a la reunión ahora
Id. de reunión: 345 678 901 234
Código de acceso: hT6Wq9
~~
https://acme.webex.com/meet/ana?password=Xy12abCD
~~
Zoom passcode is 9Qk3Lm
~~
How long is the client secret? 40 characters?
~~
Rotating secrets every 90 days, per PCI-DSS v4.0.1 req 8.6.3
~~
Please set the token lifetime to 3600s
~~
Secret santa on 2026-12-18!
~~
La contraseña debe tener 12 caracteres, p. ej. letras, números y símbolos
~~
Senha alterada em 22/11/2026 por ana.souza
~~
SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 key fingerprint
~~
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ana@acme
~~
PublicKey = 0Q7v8T1kLm2N0Q7v8T1kLm2N0Q7v8T1kLm2N0Q7v8T0=
~~
kcv: 8CA64D for key ZMK-2026-01
~~
org ID TN-0f3a9c7b-2e5d-4816-a0b1-c2d3e4f50617
~~
git commit §hex§0f3a9c7b fix token refresh
~~
password hash algorithm: bcrypt with cost 12
~~
Username: <username>
Password: <password>
~~
client_secret: xxxxxxxxxxxxxxxx
~~
Bearer token authentication (RFC 6750)
~~
PIN change and PIN block format 0 (ISO 9564-1)
~~
kid=pismo-signing-key-2026-11 alg=RS256
~~
password: see vault item "Pismo Sandbox 2026"
~~
Please rotate the client secret by 2026-12-01T10:00Z
~~
A chave pública está em https://acme.example/.well-known/jwks.json
~~
Enviaremos a chave privada? Não, apenas a chave pública RSA-2048.
~~
token_endpoint_auth_method: private_key_jwt
~~
"token_type": "Bearer", "expires_in": 3600, "scope": "accounts:read cards:write"
~~
Cartão termina em 1111, bandeira Visa
~~
Session 1: 2026-12-01 14:00 - kickoff; session 2: 2026-12-08 14:00
~~
Access keys are listed in Control Center > Settings > API keys
~~
secret scanning alert #42 closed by ana-souza2
~~
The pin of the shared key is on page 12 of PismoGuide2026.pdf
~~
senha: entre em contato com o suporte (ramal 4521)
~~
password must match ^(?=.*[A-Z])(?=.*\d).{12,}$
~~
Clave de proveedor: 00012345
~~
clave interbancaria 032180000118359719
~~
Clave CLABE: 032180000118359719
~~
chave PIX: 123e4567-e89b-12d3-a456-426614174000
~~
chave pix: ana.souza@acme.example
~~
Chave PIX: 11999998888
~~
api key id: 7f3c1e2a
~~
key id: §hex§
~~
public key: §hex64§
~~
idempotency key: 0f3a9c7b-2e5d-4816-a0b1-c2d3e4f50617
~~
partition key: acme#2026-11-22#0001
~~
primary key: customer_id_v2
~~
Device token type: EMV, token requestor ID 50110030273
~~
BIN 41111100, 8 digits; range 4111110000-4111119999
~~
NSU 000123456789, RRN 623411234567, ARN 74537604221222333444555
~~
access code for the meeting: 2345 678 9012
~~
Zoom: https://acme.zoom.us/j/81234567890?pwd=abc123DEF456, tomorrow 10h
~~
<https://us02web.zoom.us/j/81234567890?pwd=QUJDREVGR0hJSktMTU5PUFFSU1RVdz09|Join>
~~
Passcode: 483920
Meeting ID: 812 3456 7890
~~
Join Zoom Meeting: https://acme.zoom.us/j/81234567890 (Meeting ID: 812 3456 7890, Passcode: 9Qk3Lm)
~~
ID da reunião: 812 3456 7890 Senha: 9Qk3Lm
~~
Webex: Meeting number: 2345 678 9012 Password: gPnV3bMxp42
~~
Código de acesso da reunião: 9Qk3Lm
~~
Teams Meeting ID: 345 678 901 234 / Passcode: aB3cD9
~~
Clave de la reunión: 5Lk9Qw
~~
Senha do Wi-Fi: peça na recepção
~~
client_secret: arn:aws:secretsmanager:sa-east-1:123456789012:secret:pismo/prod-AbC1d2
~~
password: vault:secret/data/onboarding#password
~~
password = "${DB_PASSWORD}"
~~
client_secret: {{ .Values.clientSecret }}
~~
client_secret: ${{ secrets.PISMO_CLIENT_SECRET }}
~~
valueFrom: {secretKeyRef: {name: pismo-credentials, key: client-secret}}
~~
API_KEY=op://prod/pismo/api-key
~~
password: $(cat /run/secrets/db_password)
~~
the secret is stored as pismo-prod-client-secret-2026
~~
secret: projects/123456/secrets/pismo-client-secret/versions/7
~~
client_secret: os.environ["PISMO_CLIENT_SECRET"]
~~
api_key = process.env.PISMO_API_KEY_V2
~~
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
~~
X-B3-TraceId: 463ac35c9f6413ad48485a3953bb6124
~~
request id 7f3c1e2a9b8d4c5f token check failed with code 401
~~
aws_access_key_id=AKIAIOSFODNN7EXAMPLE aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
~~
Account number: 6222 0212 3456 7894 at the branch in Bogotá
~~
Conta corrente 6371001234567891, agência 0001
~~
https://us02web.zoom.us/j/89012345678?pwd=TUhQWnRkYjlMcG5mT3dYbUFnUT09
~~
Join our Cloud HD Video Meeting
https://acme.zoom.us/j/91234567890

Meeting ID: 912 3456 7890
Passcode: Xk29Lp
~~
Microsoft Teams Need help?
Join the meeting now
Meeting ID: 234 567 890 12
Passcode: dT7ig9
~~
Webex meeting number (access code): 2345 678 9012
Meeting password: gPnV3bMxp42
~~
ID da reunião: 234 567 890 12
Senha: dT7ig9
~~
ID de reunión: 812 3456 7890
Código de acceso: 483920
~~
https://teams.microsoft.com/l/meetup-join/19%3ameeting_ZTk4NmQ0YjUt%40thread.v2/0?context=%7b%22Tid%22%3a%22aa%22%7d
~~
A senha expira em 90 dias e precisa de 12 caracteres
~~
Where do I find the client secret for tenant TN-2f1c7f6e?
~~
We rotate the ZMK every 24 months; the KCV is 8CA64D
~~
the signing key has id 2026-11-key-3
~~
kid: 5f2d7a1c9e8b4d60
~~
SHA256 Fingerprint=9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08
~~
Serial Number: 5c:8b:2f:10:9d:77:3e:41:a0:55:6f:12:34:9a:bc:de
~~
password policy: min 12 chars, 1 upper, 1 digit
~~
client_secret=REPLACE_ME
~~
curl -u $USER:$PASS https://api.bank.example
~~
curl -H "Authorization: Bearer $TOKEN" https://api.bank.example
~~
Authorization: Bearer <token>
~~
token_url: https://auth.bank.example/oauth2/token
~~
token type: bearer, expires in 3600
~~
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
~~
curl -s -u "$SERVER_KEY:$SERVER_SECRET" -X POST https://api.pismo.example/token2
~~
passcode 483920 for the call at https://zoom.us/j/8123
~~
Login: https://acme.com/app2
~~
acesso: 192.168.0.1:8443/x
~~
password: !Ref DbPassword2
~~
password: $DB_PASSWORD_2
~~
password: {{ .Values.pw2 }}
~~
password: [redacted-16]
~~
password: {password}
~~
password=&client_id=7
~~
client_secret: xxxxxxxx-xxxx-4xxx
~~
secret_name: pismo-prod-a2
~~
secretName: acme-prod2-x
~~
tokenEndpoint: https://acme.example/oauth2/v2
~~
password: my-secret-password
~~
password: ana.souza2@acme.com
~~
client_secret: settings.PISMO_SECRET_V2
~~
passwords: 12 characters or more
~~
| field | password | note |
~~
password: base64.b64decode(value)
~~
passwordPolicy: PasswordPolicy2
~~
password_reset_url: /reset2/x
~~
DEK wrapped, ref 8c1f37a5d2b94e608c1f37a5d2b92649
~~
trace component 1 8c1f37a5d2b94e608c1f37a5d2b92649
~~
component #2 build 8c1f37a5d2b94e608c1f37a5d2b92649
~~
tek project md5 8c1f37a5d2b94e608c1f37a5d2b92649
~~
ZMK ceremony is booked, ticket 20261201093312345678901234567890
~~
Chave de acesso: 35261104252011000110550010000012341000012345
~~
Chave de acesso da NF-e: 35261104252011000110550010000012341000012345
~~
Authorization: Bearer eyJhbGciOiJSUzI1NiIs...
~~
session_id=463ac35c9f6413ad48485a3953bb6124
~~
Qual senha devo usar no Portal2026?
~~
a senha Portal2026 expirou
~~
a senha é case-sensitive
~~
password is "see 1Password"
~~
Forgot password? Use OTP6digits
~~
palabra clave: Onboarding2026
~~
credentials: client-id/acme_prod_01
~~
Acesso: VPN/GlobalProtect6
~~
Conference ID: 123 456 789#
Host PIN: 4821
~~
ERROR 401 for POST /passport/v2/s2s/access-token requestId=0f3a9c7b-2e5d-4816-a0b1-c2d3e4f50617
~~
LOCATION:https://us02web.zoom.us/j/84512345678?pwd=Q17BQO0da2viBs3D0ipnZa
~~
client id §an24§, the secret comes through the vault
~~
secret rotation was merged in commit §hex§0f3a9c7b
~~
the secret of org AcmeBrazilCoreBanking2026Sandbox is ready
~~
The client secret was refused, request id:
§hex§
~~
password reset, see
PISMO-12345
~~
certificate and CSR, the client secret comes later
-----BEGIN CERTIFICATE-----
MIIBszCCAVmgAwIBAgIU§an40§
§an60§4a
-----END CERTIFICATE-----
~~
client_secret: akeyless:/prod/pismo2
~~
secret: ref:gcp-sm://acme-prod/pismo#3
~~
password: "#{pismo-db-password-2}#"
~~
client-secret: ${PISMO_CLIENT_SECRET:?missing}
~~
password = "@@DB_PASSWORD_1@@"
~~
secret: %env(resolve:PISMO_SECRET2)%
~~
Set-Cookie: __cf_bm=§an40§; path=/
~~
Company §HEX§ is not initial
~~
la contraseña nueva no funciona desde 2026-11-25T10:00:00-03:00
~~
secret scanning: alert 7 in §hex§0f3a9c7b src/main/Config.java line 33
~~
PAN token (DPAN ref) §HEX§0F3A9C7B
~~
token_uri: https://oauth2.example/token
auth_provider_x509_cert_url: https://www.example/oauth2/v1/certs
~~
Recording: https://us02web.zoom.us/rec/share/§an60§?startTime=1764000000000 Passcode: UvUJnh#1
~~
-----BEGIN OpenVPN Static key V1-----
...
-----END OpenVPN Static key V1-----
~~
Password management is handled by a PAM v12.6
~~
A secret leak check ran: passed, scanner v8.21.2
~~
Each account is identified by accountId2
~~
Cards are identified by PAN/BIN8, issuers are identified by ISO-7812
~~
The transaction is identified by NSU123456
~~
See the .net user guide v2-beta1
~~
Prós: rápido. Contra: PIX-v2, parecer2026/0012
~~
{"error":"invalid_token","correlationId":"§hex§"}
~~
{"traceId":"§hex§","error":"invalid_client","error_description":"client secret expired"}
~~
access token refused, transactionID §hex§
~~
{"sub":"acme","sessionId":"§hex§","error":"password expired"}
~~
fix token refresh (§hex§0f3a9c7b)
~~
§hex§0f3a9c7b Rotate client secret
~~
Forgot my password!
Joao_Silva2
~~
Não consigo entrar, a senha não funciona.
OK-10h30
~~
Reset da senha do portal
Maria_Lima3
~~
My password is blocked.
~~
a senha não é necessária
~~
La contraseña fue cambiada
~~
Senha: bloqueada
~~
Clave única: GODE561231HDFRRN09
~~
clave de rastreo: 2026112540014BET0000412345
~~
Gestión de claves: HSM payShield10K, procedimiento PR-017v3
~~
PASS: TestTokenRefresh2 (0.04s), pass - TC_Login_001
~~
user/password: LDAP
~~
Senha: alfanumérica, 12 posições
~~
credential: OAuth2.0-client-credentials
~~
storage key: cards/2026/11/25/file0001.csv
~~
please unlock the password of MGarcia77
~~
Desbloquear a senha da Ana_Souza1 no console
~~
client secret for Sandbox-BR2, please; the other API key is valid until 31Dec2026
~~
pip install acme-secrets==2.14.0rc1
~~
Our API key header is X-Acme-Key2
~~
{"webhook":{"secret":"***","signatureHeader":"X-Acme-Signature256"}}
~~
The thumbprint of the new certificate is §HEX§8C1F37A5; the private key stays in the HSM
~~
§hex§0f3a9c7b feat(auth): cache the token (#412)
§hex§0f3a9c7c chore: rotate secret names
"""

_EC = ec.derive_private_key(0x5EED << 224 | 99, ec.SECP256R1())


def der() -> bytes:
    return _EC.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _password(chance: random.Random) -> str:
    word = chance.choice(["Verde", "Banco", "Lluvia", "River", "Cobre"])
    return chance.choice(
        [
            f"{word}@{chance.randrange(1000, 9999)}",
            f"{word[:3]}{chance.randrange(10, 99)}!{word[::-1].lower()}",
            "".join(chance.choices(string.ascii_letters, k=9)) + f"{chance.randrange(10, 99)}xQ",
            f"{chance.randrange(2, 9)}h{word}#{chance.randrange(10, 99)}kP",
        ]
    )


def _hexdump(content: bytes, *, canonical: bool) -> str:
    lines = []
    for at in range(0, len(content), 16):
        row = content[at : at + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        if canonical:
            lines.append(f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |{seen}|")
        else:
            lines.append(f"{at:08x}: {row.hex(' ', -2)}  {seen}")
    return "\n".join(lines)


def _values(chance: random.Random) -> dict[str, Callable[[], str]]:
    def some(signs: str, length: int) -> str:
        while True:
            made = "".join(chance.choices(signs, k=length))
            if length < 12 or any(sign.isdigit() for sign in made):
                return made

    def b64(length: int) -> str:
        return base64.b64encode(chance.randbytes(length)).decode()

    jwk = jwt.algorithms.ECAlgorithm.to_jwk(_EC, as_dict=True)
    secret = der()
    return {
        "pw": lambda: _password(chance),
        "mixed": lambda: some(string.ascii_uppercase, 2) + some(string.ascii_lowercase, 3) + some(string.digits, 2) + "xR",
        "key": lambda: some(string.ascii_letters + string.digits, 40),
        "opaque": lambda: some(string.ascii_letters + string.digits + "-_", 43),
        "b64key": lambda: b64(33),
        "aws": lambda: b64(30),
        "wg": lambda: b64(32),
        "wgurl": lambda: b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "azure": lambda: b64(64),
        "meeting": lambda: base64.urlsafe_b64encode(some(string.ascii_letters, 11).encode()).decode(),
        "hex": lambda: chance.randbytes(16).hex(),
        "hex64": lambda: chance.randbytes(32).hex(),
        "hexcolon": lambda: chance.randbytes(15).hex(":"),
        "HEX": lambda: chance.randbytes(16).hex().upper(),
        "HEX64": lambda: chance.randbytes(128).hex().upper(),
        "HEXgroups": lambda: chance.randbytes(16).hex(" ", -2).upper(),
        "sec1hex": lambda: _EC.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()).hex().upper(),
        "derhex": secret.hex,
        "derhexspaced": lambda: secret.hex(" ").upper(),
        "derxxd": lambda: _hexdump(secret, canonical=False),
        "derhexdump": lambda: _hexdump(secret, canonical=True),
        "derc": lambda: ", ".join(f"0x{byte:02x}" for byte in secret),
        "derbytes": lambda: ", ".join(f"(byte)0x{byte:02x}" for byte in secret),
        "derb64url": lambda: base64.urlsafe_b64encode(secret).decode().rstrip("="),
        "pemhex": lambda: _EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).hex(),
        "b64jwk": lambda: base64.b64encode(json.dumps(jwk).encode()).decode(),
        **{f"an{n}": lambda n=n: some(string.ascii_letters + string.digits, n) for n in range(3, 201)},  # type: ignore[misc]
        "AN16": lambda: some("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    }


def fill(template: str, seed: int) -> str:
    values = _values(random.Random(seed))
    return re.sub("§(\\w+)§", lambda match: values[match[1]](), template)


def secrets(seed: int) -> list[str]:
    return [fill(template.strip("\n"), seed + at) for at, template in enumerate(SECRETS.split(SEPARATOR))]


def innocent(seed: int) -> list[str]:
    return [fill(template.strip("\n"), seed + at) for at, template in enumerate(INNOCENT.split(SEPARATOR))]

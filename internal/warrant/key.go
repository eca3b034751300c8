package warrant

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Namespace is what an officer's key signs warrants under, so that no signature made for anything else is one.
const Namespace = "wardroom-warrant@v1"

// keyTypes are the kinds of keys that officers may have: short ones, in a file or in hardware.
var keyTypes = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoSKECDSA256}

// touched is the flag by which a hardware key says that somebody touched it.
const touched = 1

// maxSignature is how many bytes a signature may have, armoured.
const maxSignature = 4 << 10

// ParseKey reads an officer's public key in the form of a file .pub. What it returns has no comment: two texts are one key if they are the same.
func ParseKey(text string) (is string, err error) {
	if len(text) > maxSignature {
		return "", errors.New("that is too long for a public key")
	}
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0:
		return "", errors.New("that is not one public key of ssh-keygen's, such as the line in ~/.ssh/id_ed25519.pub")
	case !slices.Contains(keyTypes, key.Type()):
		return "", fmt.Errorf("it is of the kind %s; an officer's key is %s: ssh-keygen -t ed25519-sk makes one in hardware, ssh-keygen -t ed25519 one in a file",
			key.Type(), strings.Join(keyTypes, ", "))
	}
	return keyText(key), nil
}

func keyText(key ssh.PublicKey) string {
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n")
}

// The frame of a signature as ssh-keygen -Y makes it.
//
// Spec: OpenSSH, PROTOCOL.sshsig.
const (
	sshsig  = "SSHSIG"
	armour  = "SSH SIGNATURE"
	hashing = "sha512"
)

type frame struct {
	Magic     [6]byte
	Version   uint32
	Key       []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

type signed struct {
	Magic     [6]byte
	Namespace string
	Reserved  string
	Hash      string
	Digest    []byte
}

// Unarmour reads what ssh-keygen -Y sign writes, and gives it as entries of the ledger have it: without its frame of text, in base64.
func Unarmour(text string) (signature string, err error) {
	if len(text) > maxSignature {
		return "", errors.New("that is too long for a signature")
	}
	block, rest := pem.Decode([]byte(strings.TrimSpace(text) + "\n"))
	if block == nil || block.Type != armour || len(bytes.TrimSpace(rest)) > 0 {
		return "", fmt.Errorf("that is not a signature: it begins with -----BEGIN %s-----", armour)
	}
	return base64.StdEncoding.EncodeToString(block.Bytes), nil
}

// Signer gives the key that made an armoured signature over message. It returns an error for a signature of anything else.
func Signer(armoured string, message []byte) (key string, err error) {
	signature, err := Unarmour(armoured)
	if err != nil {
		return "", err
	}
	return signer(signature, message)
}

// signer checks a signature, as Unarmour gives it, over message, and returns whose key made it.
func signer(signature string, message []byte) (key string, err error) {
	blob, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || len(signature) > maxSignature {
		return "", errors.New("a signature is not in base64")
	}
	var f frame
	if err := ssh.Unmarshal(blob, &f); err != nil || string(f.Magic[:]) != sshsig || f.Version != 1 || f.Reserved != "" {
		return "", errors.New("a signature is not one of ssh-keygen's")
	}
	if f.Namespace != Namespace {
		return "", fmt.Errorf("a signature was made for %q, and not for %s: it is no approval", f.Namespace, Namespace)
	}
	if f.Hash != hashing {
		return "", fmt.Errorf("a signature is over a hash %q, and %s is asked for", f.Hash, hashing)
	}
	public, err := ssh.ParsePublicKey(f.Key)
	if err != nil || !slices.Contains(keyTypes, public.Type()) {
		return "", errors.New("a signature names no key that an officer may have")
	}
	var s ssh.Signature
	if err := ssh.Unmarshal(f.Signature, &s); err != nil {
		return "", errors.New("a signature is not one of ssh-keygen's")
	}
	if strings.HasPrefix(public.Type(), "sk-") && (len(s.Rest) != 5 || s.Rest[0]&touched == 0) {
		return "", errors.New("a signature was made by a hardware key that nobody touched")
	}
	digest := sha512.Sum512(message)
	if err := public.Verify(ssh.Marshal(signed{f.Magic, f.Namespace, f.Reserved, f.Hash, digest[:]}), &s); err != nil {
		return "", fmt.Errorf("a signature by %s is not of this warrant", ssh.FingerprintSHA256(public))
	}
	return keyText(public), nil
}

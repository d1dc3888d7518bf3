interface Caused {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** What OpenSSL and Node call a certificate that is not right. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;

/** What undici says, under the same "fetch failed" as a broken line, of a URL that `fetch` does not go to. */
const ADDRESS = /^(unknown scheme|bad port)$/i;

/** Whether a `fetch` failed in a way that waiting does not heal: the certificate, or the URL itself, is wrong. */
export function isLasting(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 5) return false;
  const { code, message, cause } = error as Caused;
  return CERTIFICATE.test(String(code)) || ADDRESS.test(String(message)) || isLasting(cause, depth + 1);
}

/** The keys of the sandbox: worth nothing anywhere else. */

/** The only key the sandbox's STS knows; production services refuse it. */
export const sandboxKeys = {
  accessKeyId: 'LTAI-hologen-sandbox',
  accessKeySecret: 'sandbox-secret-not-for-production',
};
/** Any key of this form is taken; Model Studio's are too. */
export const sandboxApiKey = 'sk-sandbox';

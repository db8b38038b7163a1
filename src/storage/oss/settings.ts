/** What the storage client has to be told: overrides, allow-lists, the gateway's own identity, time limits. */

/** An access key; `securityToken` when it is a temporary one. */
export interface AccessKeys {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string;
}

export interface OssSettings {
  /**
   * HOLOGEN_OSS_ENDPOINT: all OSS traffic and all presigned URLs go there; path-style on a loopback host, and
   * plain http only there. The region to sign for still comes from SQL's endpoint.
   */
  ossEndpointOverride?: string;
  /** HOLOGEN_STS_ENDPOINT, e.g. `https://sts-vpc.cn-hangzhou.aliyuncs.com`; plain http only to loopback. */
  stsEndpointOverride?: string;
  /** HOLOGEN_ALLOWED_ROLES: role ARNs, `*` stands for any run of characters. */
  allowedRoles: string[];
  /** HOLOGEN_OSS_DOMAINS: custom domains with their region, `media.example.com=cn-hangzhou`. */
  customDomains: string[];
  /** HOLOGEN_STS_EXTERNAL_ID: sent with every AssumeRole. */
  externalId?: string;
  /** The gateway's own identity, which assumes the roles named in SQL. */
  baseIdentity(): Promise<AccessKeys>;
  /** To connect; until an answer to a sent request; without any progress of a body. */
  timeouts: { connectMs: number; responseMs: number; idleMs: number };
}

/** Logins and permissions of a test's brokers, and how they are taken away. */
import type { ConfigOverlay } from '@ebus/conformance';
import kafkajs, { type Admin } from 'kafkajs';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const PRINCIPAL = 'User:app';

/** An administrator on the listener of clients. */
export const ROOT = { mechanism: 'plain', username: 'root', password: 'root' } as const;

/**
 * Lines of `server.properties`, for the protocol `SASL_PLAINTEXT`: clients log in as `app`; `ROOT` and the brokers' own
 * listener may do everything.
 */
export const rules = [
  'sasl.enabled.mechanisms=PLAIN',
  `listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_root="${ROOT.password}" user_app="right";`,
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS;User:root',
  'allow.everyone.if.no.acl.found=true',
].join('\n');

export const login = (password: string) =>
  ({
    kafka: {
      security: {
        enabled: true,
        protocol: 'SASL_PLAINTEXT' as const,
        mechanism: 'PLAIN' as const,
        username: 'app',
        password,
      },
    },
  }) satisfies ConfigOverlay;

export async function deny(admin: Admin, topic: string, use: 'publish' | 'subscribe'): Promise<void> {
  const operation = use === 'publish' ? AclOperationTypes.WRITE : AclOperationTypes.READ;
  const rule = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: PRINCIPAL,
    host: '*',
  };
  // A topic with any rule permits only what its rules say.
  await admin.createAcls({
    acl: [
      { ...rule, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
      { ...rule, operation, permissionType: AclPermissionTypes.DENY },
    ],
  });
}

/** Takes back all that was denied. */
export async function restore(admin: Admin): Promise<void> {
  await admin.deleteAcls({
    filters: [
      {
        resourceType: AclResourceTypes.TOPIC,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: PRINCIPAL,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      },
    ],
  });
}

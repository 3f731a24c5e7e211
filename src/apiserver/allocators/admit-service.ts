import { type FieldError, invalidStatus } from "../../api/field-error.ts";
import { services } from "../../api/resource.ts";
import { serviceStrategy } from "../../api/strategy/service.ts";
import type { Service } from "../../api/types.ts";
import type { Allocation, AllocationOptions, ServiceAllocators } from "./service-allocators.ts";

/** A Service that is ready to be stored, and what it holds. Exactly one of the two must be called. */
export interface ServiceAdmission {
  readonly service: Service;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
  /** The Service has been stored. */
  commit(): void;
  /** It has not. */
  rollback(): void;
}

/**
 * Everything between the defaults and the store for a new Service. Name, namespace, uid and creationTimestamp are set.
 *
 * Addresses and ports come first and validation last, as in Kubernetes: validation then sees the whole object, and a
 * value that cannot be had is reported before what the strategy would say about the rest. Throws a StatusError: 422
 * with all mistakes, or 500 when a range is full; nothing is held then.
 */
export function admitServiceCreate(
  allocators: ServiceAllocators,
  service: Service,
  options: AllocationOptions = {},
): ServiceAdmission {
  const allocation = allocators.admitCreate(service, options);
  return admission(allocation, (allocated) => {
    const prepared = serviceStrategy.prepareForCreate(allocated);
    return {
      prepared,
      errors: serviceStrategy.validateCreate(prepared),
      warnings: serviceStrategy.warnings(prepared),
    };
  });
}

/** The same for an update of the main resource. Its status sub-resource allocates nothing and needs only the strategy. */
export function admitServiceUpdate(
  allocators: ServiceAllocators,
  service: Service,
  old: Service,
  options: AllocationOptions = {},
): ServiceAdmission {
  const allocation = allocators.admitUpdate(old, service, options);
  return admission(allocation, (allocated) => {
    const prepared = serviceStrategy.prepareForUpdate(allocated, old);
    return {
      prepared,
      errors: serviceStrategy.validateUpdate(prepared, old),
      warnings: serviceStrategy.warnings(prepared, old),
    };
  });
}

interface Judged {
  readonly prepared: Service;
  readonly errors: readonly FieldError[];
  readonly warnings: readonly string[];
}

function admission(allocation: Allocation, judge: (service: Service) => Judged): ServiceAdmission {
  const refuse = (errors: readonly FieldError[]) =>
    invalidStatus(services, allocation.service.metadata.name ?? "", errors);
  if (allocation.errors.length > 0) throw refuse(allocation.errors);
  try {
    const { prepared, errors, warnings } = judge(allocation.service);
    if (errors.length > 0) throw refuse(errors);
    return {
      service: prepared,
      warnings,
      commit: () => allocation.commit(),
      rollback: () => allocation.rollback(),
    };
  } catch (error) {
    allocation.rollback();
    throw error;
  }
}

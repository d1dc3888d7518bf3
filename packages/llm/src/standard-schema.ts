/**
 * What is asked of a schema: the part of Standard Schema that libraries such as zod, valibot and arktype share. Written out
 * here, as its authors suggest, so that nothing has to be installed for it.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
  };
}

/** What a schema says of a value; with `issues`, that it does not fit. */
export interface SchemaResult {
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** Where a value does not fit. Its message is left alone: it may quote the answer. */
export interface SchemaIssue {
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

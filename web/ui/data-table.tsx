import type { ReactNode } from 'react';
import classes from './data-table.module.css';

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand at the right, so that their digits line up. */
  readonly align?: 'right';
  /** The name is read aloud only: a column of menus, say. */
  readonly nameHidden?: boolean;
}

interface DataTableProps<Row> {
  /** What the table holds, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
}

/**
 * A plain table; what can be opened is a link in the row. Under 600 px each row is a card of names and values. The roles are
 * written out because a table that is laid out as blocks loses its own.
 */
export function DataTable<Row>({ label, columns, rows, rowKey }: DataTableProps<Row>): ReactNode {
  return (
    <div className={classes['frame']}>
      {/* biome-ignore lint/a11y/noRedundantRoles: display: block takes the native roles away */}
      <table className={classes['table']} aria-label={label} role="table">
        {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
        <thead role="rowgroup">
          {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
          <tr role="row">
            {columns.map(({ name, align, nameHidden }) => (
              // biome-ignore lint/a11y/noRedundantRoles: as above
              <th key={name} scope="col" role="columnheader" data-align={align}>
                {nameHidden ? <span className="only-for-readers">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
        <tbody role="rowgroup">
          {rows.map((row) => (
            // biome-ignore lint/a11y/noRedundantRoles: as above
            <tr key={rowKey(row)} role="row">
              {columns.map(({ name, cell, align, nameHidden }) => (
                // biome-ignore lint/a11y/noRedundantRoles: as above
                <td key={name} role="cell" data-align={align} data-name={nameHidden ? undefined : name}>
                  <div className={classes['cell']}>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

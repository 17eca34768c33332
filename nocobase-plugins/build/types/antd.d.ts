/** The components of antd 5 that bizstack plugins use; NocoBase provides the package. */
declare module 'antd' {
  import type { CSSProperties, FC, ReactNode } from 'react';

  interface Common {
    readonly className?: string;
    readonly style?: CSSProperties;
    readonly children?: ReactNode;
  }

  export const Alert: FC<
    Common & {
      readonly type?: 'success' | 'info' | 'warning' | 'error';
      readonly message: ReactNode;
      readonly description?: ReactNode;
      readonly showIcon?: boolean;
      readonly action?: ReactNode;
    }
  >;
  export const Button: FC<
    Common & {
      readonly type?: 'primary' | 'default' | 'link';
      readonly danger?: boolean;
      readonly loading?: boolean;
      readonly href?: string;
      readonly target?: string;
      readonly onClick?: () => void;
    }
  >;
  export const Card: FC<
    Common & { readonly title?: ReactNode; readonly extra?: ReactNode; readonly size?: 'default' | 'small' }
  >;
  export const Col: FC<Common & { readonly span?: number; readonly xs?: number; readonly md?: number }>;
  export const Empty: FC<Common & { readonly description?: ReactNode }>;
  export const Popconfirm: FC<
    Common & { readonly title: ReactNode; readonly description?: ReactNode; readonly onConfirm?: () => void }
  >;
  export const Row: FC<Common & { readonly gutter?: number | readonly [number, number] }>;
  export const Select: FC<
    Common & {
      readonly value?: string;
      readonly options: readonly { readonly value: string; readonly label: ReactNode }[];
      readonly onChange?: (value: string) => void;
      readonly 'aria-label'?: string;
    }
  >;
  export const Space: FC<
    Common & {
      readonly direction?: 'horizontal' | 'vertical';
      readonly wrap?: boolean;
      readonly size?: number | 'small' | 'middle' | 'large';
    }
  >;
  export const Spin: FC<Common & { readonly spinning?: boolean }>;
  export const Statistic: FC<
    Common & { readonly title: ReactNode; readonly value?: string | number; readonly suffix?: ReactNode }
  >;
  export const Tag: FC<Common & { readonly color?: string }>;

  export const Typography: {
    readonly Text: FC<
      Common & {
        readonly code?: boolean;
        readonly copyable?: boolean | { readonly text: string };
        readonly type?: 'secondary' | 'danger';
      }
    >;
    readonly Paragraph: FC<
      Common & { readonly copyable?: boolean | { readonly text: string }; readonly type?: 'secondary' }
    >;
    readonly Title: FC<Common & { readonly level?: 1 | 2 | 3 | 4 | 5 }>;
  };
}

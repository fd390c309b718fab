import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';

/** Mantine wants ten shades of each colour; ours are fixed by scheme (tokens.css), so all ten are the one token. */
const token = (name: string): MantineColorsTuple => {
  const value = `var(--${name})`;
  return [value, value, value, value, value, value, value, value, value, value];
};

/** What stands on a filled colour is a token as well: white on our dark scheme's blue could not be read. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant !== 'filled') return colors;
  return { ...colors, color: input.color === 'danger' ? 'var(--surface)' : 'var(--on-primary)' };
};

export const theme = createTheme({
  // Menus, dialogs and drawers come and go at once for whoever asked their system for less motion (as base.css does for the rest).
  respectReducedMotion: true,
  variantColorResolver: variantColors,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'var(--mono)',
  primaryColor: 'primary',
  colors: { primary: token('primary'), danger: token('danger') },
  white: '#ffffff',
  black: '#1b1f24',
  defaultRadius: 'md',
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '6px', xl: '6px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.34', sm: '1.43', md: '1.43', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '24px', lineHeight: '32px' },
      h2: { fontSize: '20px', lineHeight: '28px' },
      h3: { fontSize: '16px', lineHeight: '24px' },
    },
  },
  shadows: {
    xs: 'none',
    sm: 'none',
    md: '0 4px 16px rgb(0 0 0 / 16%)',
    lg: '0 4px 16px rgb(0 0 0 / 16%)',
    xl: '0 4px 16px rgb(0 0 0 / 16%)',
  },
  components: {
    Modal: { defaultProps: { centered: true, radius: 'md', transitionProps: { duration: 120, transition: 'fade' } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } } },
    Button: { defaultProps: { size: 'sm' } },
    Anchor: { defaultProps: { underline: 'hover' } },
    Switch: { defaultProps: { withThumbIndicator: false } },
    Tooltip: {
      defaultProps: { openDelay: 200, multiline: true, maw: 320, events: { hover: true, focus: true, touch: true } },
    },
  },
});

/** Mantine's variables by our tokens, the same names in both schemes; the tokens know which scheme is on. */
export const cssVariables: CSSVariablesResolver = () => {
  const scheme = {
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-bright': 'var(--text)',
    '--mantine-color-error': 'var(--danger)',
    '--mantine-color-success': 'var(--good)',
    '--mantine-color-placeholder': 'var(--dim)',
    '--mantine-color-anchor': 'var(--primary)',
    '--mantine-color-dimmed': 'var(--dim)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--sunken)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--control)',
    '--mantine-color-disabled': 'var(--sunken)',
    '--mantine-color-disabled-color': 'var(--dim)',
    '--mantine-color-disabled-border': 'var(--line)',
    '--mantine-primary-color-contrast': 'var(--on-primary)',
    '--mantine-color-primary-filled': 'var(--primary)',
    '--mantine-color-primary-filled-hover': 'var(--primary-hover)',
    '--mantine-color-primary-light': 'var(--info-tint)',
    '--mantine-color-primary-light-hover': 'var(--info-tint)',
    '--mantine-color-primary-light-color': 'var(--primary)',
    '--mantine-color-primary-outline': 'var(--primary)',
    '--mantine-color-primary-outline-hover': 'var(--info-tint)',
    '--mantine-color-danger-filled': 'var(--danger)',
    '--mantine-color-danger-filled-hover': 'var(--danger)',
    '--mantine-color-danger-light': 'var(--danger-tint)',
    '--mantine-color-danger-light-hover': 'var(--danger-tint)',
    '--mantine-color-danger-light-color': 'var(--danger)',
    '--mantine-color-danger-outline': 'var(--danger)',
    '--mantine-color-danger-outline-hover': 'var(--danger-tint)',
  };
  return { variables: {}, light: scheme, dark: scheme };
};

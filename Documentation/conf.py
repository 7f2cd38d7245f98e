# SPDX-License-Identifier: GPL-2.0
# Sphinx: how Documentation/ becomes HTML (make html).

project = 'XTCP'
author = 'XTCP developers'
copyright = '2026, XTCP developers'  # pylint: disable=redefined-builtin

exclude_patterns = ['examples']
primary_domain = None
highlight_language = 'none'
default_role = 'literal'

html_theme = 'alabaster'
html_theme_options = {'description': 'A stream transport for Linux', 'page_width': '62em',
                      'show_powered_by': False}
html_sidebars = {'**': ['about.html', 'navigation.html', 'searchbox.html']}
html_show_sourcelink = False

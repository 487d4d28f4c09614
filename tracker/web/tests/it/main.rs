//! The server as its readers meet it: over HTTP, and in a browser.

mod api;
mod browser;
mod hostile;
mod http;
mod pages;
mod sample;
mod webdriver;

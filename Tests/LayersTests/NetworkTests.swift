import Testing
@Suite struct PlaceholderForNow {}

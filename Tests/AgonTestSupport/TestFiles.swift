// A test that trains needs files too.
@_exported import AgonTestFiles

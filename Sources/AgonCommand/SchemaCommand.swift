import AgonConfiguration
import AgonExperiments
import AgonReports
import AgonSweeps
import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print all keys of configs, or of sweep or table files.",
        discussion: """
            Prints a JSON Schema, with which editors complete and check files:
            Configs/schema.json, Configs/sweep-schema.json, Configs/table-schema.json.
            With --markdown, prints the pages in Documentation/reference.

            EXAMPLES
              agon schema > Configs/schema.json
              agon schema --sweep > Configs/sweep-schema.json
              agon schema --table > Configs/table-schema.json
              agon schema --markdown > Documentation/reference/config.md
            """)

    @Flag(help: "Print the schema of sweep files.")
    var sweep = false
    @Flag(help: "Print the schema of table files.")
    var table = false
    @Flag(help: "Print Markdown, for reading.")
    var markdown = false

    func validate() throws {
        if sweep, table { throw ValidationError("--sweep and --table cannot be combined") }
    }

    func run() throws {
        let schema =
            try sweep
            ? SweepConfiguration.schema() : table ? TableConfiguration.schema() : ExperimentConfiguration.schema()
        guard markdown else { return print(schema.prettyText, terminator: "") }
        let kind = sweep ? "sweep files" : table ? "table files" : "configs"
        let option = sweep ? " --sweep" : table ? " --table" : ""
        let reference = SchemaReference(
            schema, title: "Keys of \(kind)",
            introduction: """
                Written by `agon schema\(option) --markdown`. Where the default is empty, a key is required or \
                optional; a missing key that is required is named when the file is read. Sections within a section \
                are listed by their paths: `a.b` is key `b` of section `a`, `a[].b` key `b` of each element of list \
                `a`. Files are JSON with comments and trailing commas, and `extends` names files whose values a file takes over.
                """)
        print(reference.markdown, terminator: "")
    }
}

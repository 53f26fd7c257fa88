import ArgumentParser
import Experiments

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of configs.",
        discussion: """
            Editors complete and check configs with it. Configs/schema.json is this
            text.

            EXAMPLES
              agon schema > Configs/schema.json
            """)

    func run() throws { print(try ExperimentConfiguration.schema().prettyText, terminator: "") }
}

import AgonDiagnostics
import ArgumentParser

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show this machine's compute setup and speed, and warn of problems.",
        discussion: """
            Shows the processor, its vector features, BLAS with version and core type,
            threads, memory, and measured GFLOP/s with one thread and with all. Each
            warning says how to fix the problem.

            EXAMPLES
              agon doctor
              agon doctor --json
            """)

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let diagnosis = Doctor.examine(threads: threads.threads)
        print(json ? diagnosis.node.prettyText : diagnosis.text)
    }
}

import AgonDiagnostics
import AgonExperiments
import AgonReports
import AgonRuns
import AgonText
import ArgumentParser

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write an HTML report of a run or sweep: figures, curves, samples over time.",
        discussion: """
            One self-contained HTML file without scripts, for screen, phone and
            paper. A run in progress can be reported too.

            EXAMPLES
              agon report Runs/selfgan-mlp
              agon report Sweeps/gas-quick --out gas.html
            """)

    @Argument(help: "The folder of a run or of a sweep.", completion: .directory)
    var folder: String
    @Option(name: .shortAndLong, help: "The file to write; default: report.html in the folder.", completion: .file())
    var out: String?
    @Flag(inversion: .prefixedNo, help: "Include planned memory and FLOPs of the configs.")
    var costs = true
    @OptionGroup var data: DataOptions

    func run() throws {
        let page = try Report.page(of: folder) { run in
            guard costs else { return nil }
            do {
                let experiment = try Experiment.load(path: run.folder.configPath)
                return try Inspection(
                    experiment, searchPath: data.searchPath, threads: run.record?.threads ?? 1)
            } catch {
                Console.say("note: the report omits costs: \(error)")
                return nil
            }
        }
        let path = out ?? RunFolder(path: folder).path + "/report.html"
        try Report.write(page, to: path)
        print("\(path): \(SizeText.short(page.utf8.count))")
    }
}

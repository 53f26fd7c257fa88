import AgonTensors
import Foundation

/// Draws figures with gnuplot, as SVG and as PNG. The script with all its data stays beside them.
enum Gnuplot {
    /// - Parameters:
    ///   - script: everything but terminal and output.
    ///   - size: width and height in pixels.
    ///   - path: of the files, without extension.
    ///
    /// Throws `ReportsError.missingTool` without gnuplot, `.toolFailed` with what it complained of.
    static func draw(_ script: String, size: (width: Int, height: Int), to path: String) throws {
        let terminals = [
            ("svg", "svg size \(size.width),\(size.height) dynamic background 'white' font 'Helvetica,12'"),
            (
                "png",
                "pngcairo size \(size.width * 3 / 2),\(size.height * 3 / 2) fontscale 1.5 linewidth 1.5 font 'Sans,8'"
            ),
        ]
        let head =
            "# \(terminals.map { "gnuplot -e \"set terminal \($0.1); set output 'NAME.\($0.0)'\"" }.joined(separator: "\n# "))\n"
        try AtomicFile.write(path: path + ".gp", text: head + script)
        for (format, terminal) in terminals {
            // Drawn under another name, so that a file appears whole or not at all.
            let partial = path + ".partial.\(format)"
            defer { unlink(partial) }
            try run(
                "set encoding utf8\nset terminal \(terminal)\nset output \(quoted(partial))\n" + script
                    + "\nset output\n")
            guard rename(partial, path + ".\(format)") == 0 else {
                throw ReportsError.toolFailed("gnuplot", reason: "wrote no \(path).\(format)")
            }
        }
    }

    private static func run(_ script: String) throws {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        guard let path = folders.map({ $0 + "/gnuplot" }).first(where: FileManager.default.isExecutableFile(atPath:))
        else {
            throw ReportsError.missingTool("gnuplot", package: "gnuplot-nox")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        // "-d": the user's own settings must not change the figures.
        process.arguments = ["-d", "-"]
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
        let (input, errors) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw ReportsError.toolFailed("gnuplot", reason: "cannot be started: \(error)")
        }
        // Both pipes hold little; writing and reading at once keeps either side from waiting.
        let writer = Thread {
            try? input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
            try? input.fileHandleForWriting.close()
        }
        writer.start()
        let complaints = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let lines = String(decoding: complaints, as: UTF8.self).split(separator: "\n")
            throw ReportsError.toolFailed(
                "gnuplot", reason: lines.last.map(String.init) ?? "ended with exit code \(process.terminationStatus)")
        }
    }

    /// A string that gnuplot takes as it is.
    static func quoted(_ text: String) -> String {
        let plain = text.map { $0.isNewline ? " " : String($0) }.joined()
        return "'" + plain.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

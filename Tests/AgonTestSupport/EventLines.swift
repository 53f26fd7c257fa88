import AgonRuns
import Testing

/// What an event file says, times aside: `step tag value` a line.
package func eventLines(_ folder: String) throws -> [String] {
    let files = EventLog.files(in: RunFolder(path: folder))
    _ = try #require(files.count == 1 ? true : nil)
    let file = Array(try #require(bytes(files.first ?? "")))
    var lines: [String] = []
    var place = 0
    while let record = RecordFile.record(in: file, at: place) {
        place = record.end
        var step = 0
        for field in try #require(ProtobufField.all(in: record.data)) {
            switch (field.number, field.value) {
            case (2, .variable(let found)): step = Int(found)
            case (3, .bytes(let version)): lines.append(String(decoding: version, as: UTF8.self))
            case (5, .bytes(let summary)):
                for value in try #require(ProtobufField.all(in: summary)) {
                    guard case .bytes(let value) = value.value else { continue }
                    lines.append("\(step) \(try described(value))")
                }
            default: break
            }
        }
    }
    _ = try #require(place == file.count ? true : nil, "a torn record")
    return lines
}

private func described(_ value: ArraySlice<UInt8>) throws -> String {
    var words: [String] = []
    for field in try #require(ProtobufField.all(in: value)) {
        switch (field.number, field.value) {
        case (1, .bytes(let tag)): words.append(String(decoding: tag, as: UTF8.self))
        case (2, .fixed32(let bits)): words.append("\(Float(bitPattern: bits))")
        case (4, .bytes(let image)): words.append("\(image.count) bytes")
        default: break
        }
    }
    return words.joined(separator: " ")
}

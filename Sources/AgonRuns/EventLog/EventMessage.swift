/// The TensorBoard messages that Agon writes.
///
/// Field numbers follow `event.proto`, `summary.proto`, `tensor.proto` and the hyperparameter plugin's `api.proto` and
/// `plugin_data.proto` of TensorBoard 2.
enum EventMessage {
    /// The first record of each file.
    static func version(time: Double) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, time)
        event.add(3, "brain.Event:2")
        return event
    }

    /// The start of a session: TensorBoard drops events of earlier sessions from this step on.
    static func sessionStart(step: Int, time: Double) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, time)
        event.add(2, step)
        event.add(7) { $0.add(1, 1) }
        return event
    }

    /// An event at a step with the values of a summary.
    static func summary(step: Int, time: Double, values: [ProtobufMessage]) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, time)
        event.add(2, step)
        event.add(5) { summary in
            for value in values { summary.add(1, value) }
        }
        return event
    }

    // MARK: Values

    static func scalar(_ tag: String, _ number: Double) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, tag)
        value.add(2, Float(number))
        return value
    }

    static func image(_ tag: String, png: [UInt8], size: PNGSize) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, tag)
        value.add(4) { image in
            image.add(1, size.height)
            image.add(2, size.width)
            image.add(3, size.channels)
            image.add(4, png)
        }
        return value
    }

    /// A text in Markdown.
    static func text(_ tag: String, _ text: String) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, tag)
        value.add(8) { tensor in
            tensor.add(1, 7)
            tensor.add(2) { shape in shape.add(2) { $0.add(1, 1) } }
            tensor.add(8, text)
        }
        value.add(9) { metadata in metadata.add(1) { $0.add(1, "text") } }
        return value
    }

    // MARK: Hyperparameters

    enum Hyperparameter {
        case number(Double)
        case text(String)
        case flag(Bool)
    }

    static let startTag = "_hparams_/session_start_info"
    static let endTag = "_hparams_/session_end_info"

    /// The hyperparameters of this run. TensorBoard shows the runs of a group together, and derives the dashboard's
    /// columns from all loaded runs.
    static func start(
        _ parameters: [(name: String, value: Hyperparameter)], group: String, time: Double
    ) -> ProtobufMessage {
        hyperparameters(startTag) { data in
            data.add(3) { start in
                for parameter in parameters {
                    start.add(1) { entry in
                        entry.add(1, parameter.name)
                        entry.add(2) { value in
                            switch parameter.value {
                            case .number(let number): value.add(2, number)
                            case .text(let text): value.add(3, text)
                            case .flag(let flag): value.add(4, flag)
                            }
                        }
                    }
                }
                start.add(4, group)
                start.add(5, time)
            }
        }
    }

    static func end(succeeded: Bool, time: Double) -> ProtobufMessage {
        hyperparameters(endTag) { data in
            data.add(4) { end in
                end.add(1, succeeded ? 1 : 2)
                end.add(2, time)
            }
        }
    }

    private static func hyperparameters(_ tag: String, _ body: (inout ProtobufMessage) -> Void) -> ProtobufMessage {
        var value = ProtobufMessage()
        value.add(1, tag)
        value.add(9) { metadata in
            metadata.add(1) { plugin in
                plugin.add(1, "hparams")
                var data = ProtobufMessage()
                body(&data)
                plugin.add(2, data)
            }
        }
        return value
    }
}
